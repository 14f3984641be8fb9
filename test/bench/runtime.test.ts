import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import { CONTESTANTS, type Job, start } from "../../bench/runtime/contestants.ts";
import { type Run, summary } from "../../bench/runtime/results.ts";
import { startKafkaBroker } from "../runtime/kafka-broker.ts";
import { eventually } from "../runtime/running-service.ts";
import { TopicReader } from "../runtime/topic-reader.ts";
import { createTopics, write } from "../runtime/topics.ts";

jest.setTimeout(90_000);

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

test("the service that is measured does its work, with either guarantee", async () => {
  const broker = await startKafkaBroker();
  const reader = new TopicReader(broker.bootstrapServer);
  try {
    for (const guarantee of ["exactly_once", "at_least_once"] as const) {
      const job: Job = { name: guarantee, operator: "ewma", input: `${guarantee}-in`, output: `${guarantee}-out` };
      const topics = [job.input, job.output, `${job.name}-changelog`, `${job.name}-dead-letters`];
      await createTopics(
        broker,
        topics.map((topic) => ({ topic })),
      );
      await write(
        broker,
        job.input,
        ["1", "3", "5"].map((value) => ({ value })),
      );
      const service = await start("bramble", job, { bootstrapServer: broker.bootstrapServer, guarantee });
      await eventually(
        async () => (await reader.values(job.output)).length >= 2,
        () => `${guarantee}: nothing came out`,
      );
      service.kill("SIGKILL");
      expect(await reader.values(job.output)).toEqual(["2", "3.5"]);
    }
  } finally {
    reader.close();
    await broker.stop();
  }
});

test("what is in Python is Python", () => {
  const folder = join(import.meta.dirname, "../../bench/runtime");
  const files = ["probe.py", ...readdirSync(join(folder, "clients")).map((name) => `clients/${name}`)].filter((name) =>
    name.endsWith(".py"),
  );
  expect(files).toHaveLength(CONTESTANTS.length);
  for (const file of files) {
    execFileSync("python3", ["-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", join(folder, file)]);
  }
});
