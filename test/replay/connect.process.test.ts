import { expect, test } from "@jest/globals";
import { withCluster } from "../../replay/connect.ts";

test("where no broker answers, it is told which were asked and how to get one", async () => {
  const nobody = withCluster(["127.0.0.1:1"], () => Promise.resolve());
  await expect(nobody).rejects.toThrow(
    "Kafka: no broker answers at 127.0.0.1:1. `pulumi up` starts the brokers. " +
      "To reach those of the lab, put `npx bramble lab exec --` before the command.",
  );
});
