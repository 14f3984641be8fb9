import { expect, test } from "@jest/globals";
import { type Run, summary } from "../../bench/runtime/results.ts";

test("ratios are those within a round, and their median is told", () => {
  const speeds = [
    [300, 100],
    [40, 10],
    [1000, 500],
  ];
  const runs = speeds.flatMap(([own = 0, others = 0], round) =>
    (["bramble", "kafkaStreams"] as const).map(
      (contestant): Run => ({
        ...{ round, scenario: "loop", guarantee: "exactly_once", contestant },
        measured: { recordsPerSecond: contestant === "bramble" ? own : others, cpuSecondsPerMillion: round + 1.23456 },
      }),
    ),
  );
  const { ratioToKafkaStreams, ratioToKafkaPython, cpuSecondsPerMillion, loop } = summary(runs, "exactly_once");
  expect(ratioToKafkaStreams).toBe(3);
  expect(ratioToKafkaPython).toBeUndefined();
  expect(cpuSecondsPerMillion).toEqual({ bramble: 2.23, kafkaStreams: 2.23 });
  expect(loop.recordsPerSecond.bramble).toEqual([300, 40, 1000]);
  expect(summary(runs, "at_least_once").ratioToKafkaStreams).toBeUndefined();
});
