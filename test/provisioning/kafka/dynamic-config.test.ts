import { expect, test } from "@jest/globals";
import { inStages } from "../../../provisioning/kafka/dynamic-config.ts";

const change = (name: string, value?: string, broker?: number) => ({ broker, name, value });
const facts = {
  forAll: { "num.io.threads": "20" },
  alone: {},
  fixed: { "num.io.threads": "4", "log.cleaner.threads": "1" },
};

test.each([
  ["what counts no threads goes at once", [change("log.retention.ms", "1")], [["1"]]],
  ["threads that at most double go at once", [change("num.io.threads", "40")], [["40"]]],
  ["those beyond go by doubling", [change("num.io.threads", "100")], [["40"], ["80"], ["100"]]],
  ["and by halving", [change("num.io.threads", "3")], [["10"], ["5"], ["3"]]],
  ["back to what the broker was started with", [change("num.io.threads")], [["10"], ["5"], [undefined]]],
  ["from Kafka's default", [change("log.cleaner.threads", "5")], [["2"], ["4"], ["5"]]],
  ["on one broker alone, from what holds for all", [change("num.io.threads", "41", 2)], [["40"], ["41"]]],
  [
    "each change keeps its own pace",
    [change("log.retention.ms", "1"), change("num.io.threads", "60")],
    [["1", "40"], ["60"]],
  ],
])("%s", (_, changes, stages) => {
  expect(inStages(changes, facts).map((stage) => stage.map(({ value }) => value))).toEqual(stages);
});
