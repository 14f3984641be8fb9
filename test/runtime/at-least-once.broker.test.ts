import { beforeEach, expect, jest, test } from "@jest/globals";
import { eventually } from "../../testing/eventually.ts";
import { journals, startReady, startService } from "../../testing/running-service.ts";
import { file, Pipeline, step } from "../../testing/service-specs.ts";
import { write } from "../../testing/topics.ts";
import { useBroker } from "../../testing/use-broker.ts";

jest.setTimeout(90_000);

const { broker, reader, outputs } = useBroker();
let pipeline: Pipeline;

beforeEach(() => {
  pipeline = new Pipeline(broker);
});

const atLeastOnce = { processingGuarantee: "at_least_once" } as const;

test("a service that is stopped and started goes on where it was, state included, without a transaction", async () => {
  const spec = {
    ...pipeline.service("con1", {
      input: pipeline.stream("in"),
      apply: [step("moving-average", { over: 2 })],
      output: pipeline.stream("out"),
    }),
    ...atLeastOnce,
  };
  await pipeline.createTopics([spec]);
  const send = (...values: (string | null)[]) =>
    write(
      broker,
      pipeline.topic("in"),
      values.map((value) => ({ value })),
    );
  const out = pipeline.topic("out");

  await send("1", "3", "warm", "5");
  const first = await startService(spec);
  await outputs(out, 2, first);
  expect(await first.stop()).toBe(0);
  await send("7", "9");
  const second = await startService(spec);

  expect(await outputs(out, 4, second)).toEqual(["2", "4", "6", "8"]);
  // A transaction would leave a marker behind each of its batches, and a gap in the offsets.
  expect((await reader.read(out))[out]?.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
  const dead = await reader.read(spec.deadLetterTopic as string);
  expect(dead[spec.deadLetterTopic as string]).toMatchObject([{ value: "warm", headers: { "bramble.offset": "2" } }]);
});

test("killed again and again it loses no record and keeps their order, whatever it repeats", async () => {
  const fahrenheit = pipeline.stream("fahrenheit");
  const specs = [
    pipeline.service("pro", { input: file(5), apply: [step("celsius-to-fahrenheit")], output: fahrenheit }),
    pipeline.service("con1", { input: fahrenheit, apply: [step("round")], output: pipeline.stream("rounded") }),
  ].map((spec) => ({ ...spec, ...atLeastOnce }));
  await pipeline.createTopics(specs);
  const options = { files: { "input.txt": Array.from({ length: 300 }, (_, i) => i).join("\n") } };
  let services = await startReady(specs, options);
  for (const atLeast of [30, 90]) {
    await outputs(pipeline.topic("rounded"), atLeast, ...services);
    await Promise.all(services.map((each) => each.stop("SIGKILL")));
    services = await startReady(specs, options);
  }
  const wanted = Array.from({ length: 300 }, (_, i) => Math.round((i * 9) / 5 + 32));
  const found = async () => (await reader.values(pipeline.topic("rounded"))).map(Number);
  await eventually(async () => new Set(await found()).size === wanted.length, journals(services), 60_000);
  // What is left when every value's repeats are taken out are all values in their order.
  expect([...new Set(await found())]).toEqual(wanted);
});
