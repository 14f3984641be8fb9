import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { kafkaSeries } from "../../declaration/kafka-versions.ts";

test.each(["zookeeper", "kraft"] as const)("set-up can ask for that of a mode: %s", (mode) => {
  const printed = execFileSync(process.execPath, ["declaration/required-kafka.ts", mode], { encoding: "utf8" });
  expect(printed).toBe(`${kafkaSeries[mode].version}\n`);
});
