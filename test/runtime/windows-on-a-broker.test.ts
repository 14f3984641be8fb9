import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { runAt } from "../../operators/run.ts";
import { timeWindow } from "../../operators/time-window.ts";
import { type KafkaBroker, startKafkaBroker } from "./kafka-broker.ts";
import { eventually, killServices, type RunningService, startService } from "./running-service.ts";
import { Pipeline, step } from "./service-specs.ts";
import { TopicReader } from "./topic-reader.ts";
import { write } from "./topics.ts";

jest.setTimeout(90_000);

let broker: KafkaBroker;
let reader: TopicReader;

beforeAll(async () => {
  broker = await startKafkaBroker();
  reader = new TopicReader(broker.bootstrapServer);
});
afterEach(killServices);
afterAll(async () => {
  reader?.close();
  await broker?.stop();
});

test("windows of each key, over partitions and kills, are those of the operator alone; late records are dead letters", async () => {
  const pipeline = new Pipeline(broker);
  const readings = { ...pipeline.stream("readings"), format: "json" } as const;
  const keyed = { ...pipeline.stream("keyed"), format: "json" } as const;
  const means = { ...pipeline.stream("means"), format: "json" } as const;
  const windows = { size: 1000, advance: 500, grace: 200, compute: ["count", "mean", "variance"] };
  const specs = [
    pipeline.service("key", {
      input: readings,
      apply: [step("extract-timestamp", { field: "at" }), step("select-key", { field: "sensor" })],
      output: keyed,
    }),
    pipeline.service("mean", {
      input: keyed,
      apply: [{ ...step("time-window", windows), field: "celsius" }],
      output: means,
    }),
  ];
  await pipeline.createTopics(specs, 3);

  // Some come up to 1.4 s late: within the grace of their windows, or not.
  const records = Array.from({ length: 3000 }, (_, i) => ({
    sensor: `sensor ${i % 7}`,
    at: 1_700_000_000_000 + i * 20 - (((i * 7919) % 101) % 8) * 200,
    celsius: ((i * 104_729) % 1000) / 10,
  }));
  const start = async (): Promise<RunningService[]> => {
    const services = await Promise.all(specs.map((spec) => startService(spec)));
    await Promise.all(services.map((each) => each.ready()));
    return services;
  };
  let services = await start();
  // All to one partition, so that each sensor's records keep their order on the way to the service that gives them keys.
  const sent = [0, 1000, 2000].map((from) => records.slice(from, from + 1000));
  for (const some of sent) {
    await write(
      broker,
      readings.topic,
      some.map((each) => ({ value: JSON.stringify(each), partition: 1 })),
    );
    await sleep(200);
    await Promise.all(services.map((each) => each.stop("SIGKILL")));
    services = await start();
  }

  const alone = new Map(
    [...new Set(records.map(({ sensor }) => sensor))].map((sensor) => [
      sensor,
      runAt(
        timeWindow,
        { ...windows, size: "1s", advance: "500ms", grace: "200ms" },
        records.filter((each) => each.sensor === sensor).map(({ at, celsius }) => [at, celsius]),
      ),
    ]),
  );
  const late = [...alone.values()].flat().filter((each) => typeof each === "string").length;
  const results = [...alone.values()].flat().length - late;
  expect(late).toBeGreaterThan(10);
  const lettersTopic = specs[1]?.deadLetterTopic ?? "";
  const journals = () => services.map((each) => each.journal()).join("\n");
  await eventually(async () => (await reader.values(means.topic)).length >= results, journals);
  await eventually(async () => (await reader.values(lettersTopic)).length >= late, journals);

  const read = await reader.read(means.topic, lettersTopic);
  for (const [sensor, wanted] of alone) {
    const values = (read[means.topic] ?? []).filter(({ key }) => key === sensor).map(({ value }) => value);
    expect(values).toEqual(wanted.flatMap((each) => (typeof each === "string" ? [] : [JSON.stringify(each[1])])));
  }
  expect(read[lettersTopic]).toHaveLength(late);
  expect(read[lettersTopic]?.[0]?.headers).toMatchObject({
    "bramble.cause": expect.stringMatching(/^time-window\(celsius\): found a late record of 2023-11-14T/),
    "bramble.operator": "time-window(celsius)",
    "bramble.topic": keyed.topic,
  });
});
