import { expect, test } from "@jest/globals";
import { withCluster } from "../../replay/connect.ts";

test("where no broker answers, it is told which were asked and how to get one", async () => {
  const nobody = withCluster(["127.0.0.1:1"], () => Promise.resolve());
  await expect(nobody).rejects.toThrow(
    "Kafka: found no broker that answers at 127.0.0.1:1; wanted at least one. `pulumi up` starts them. " +
      "To reach those of the lab, begin with `npx bramble lab exec --`.",
  );
});
