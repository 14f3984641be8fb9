import { expect, jest, test } from "@jest/globals";
import { type Job, start } from "../../bench/runtime/contestants.ts";
import { eventually } from "../../testing/eventually.ts";
import { startKafkaBroker } from "../../testing/kafka-broker.ts";
import { TopicReader } from "../../testing/topic-reader.ts";
import { createTopics, write } from "../../testing/topics.ts";

jest.setTimeout(90_000);

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
