import { expect, jest, test } from "@jest/globals";
import { type Job, start } from "../../bench/runtime/contestants.ts";
import { eventually } from "../../testing/eventually.ts";
import { createTopics, ownName, write } from "../../testing/topics.ts";
import { useBroker } from "../../testing/use-broker.ts";

jest.setTimeout(90_000);

const { broker, reader } = useBroker();

test("the service that is measured does its work, with either guarantee", async () => {
  for (const guarantee of ["exactly_once", "at_least_once"] as const) {
    const name = ownName(guarantee);
    const job: Job = { name, operator: "ewma", input: `${name}-in`, output: `${name}-out` };
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
});
