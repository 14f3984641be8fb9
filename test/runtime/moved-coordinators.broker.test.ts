import { setTimeout as sleep } from "node:timers/promises";
import { expect, jest, test } from "@jest/globals";
import { clusterMetadata } from "../../provisioning/kafka/cluster-metadata.ts";
import { eventually } from "../../testing/eventually.ts";
import { journals, startReady } from "../../testing/running-service.ts";
import { log, Pipeline } from "../../testing/service-specs.ts";
import { createTopics, moveTo, write } from "../../testing/topics.ts";
import { useBroker } from "../../testing/use-broker.ts";

jest.setTimeout(120_000);

const { broker, outputs } = await useBroker();

test("while its coordinators move from broker to broker a service's transactions wait, and none fails", async () => {
  const internal = ["__consumer_offsets", "__transaction_state"];
  await createTopics(
    broker,
    internal.map((topic) => ({ topic, compacted: true, on: [0, 0, 0, 0] })),
  );
  await broker.startSecond();
  await eventually(
    async () => (await clusterMetadata(broker.bootstrapServer)).brokers.has(1),
    () => "the second broker is not in the cluster",
  );
  const pipeline = new Pipeline(broker);
  const specs = [
    pipeline.service("con", { input: pipeline.stream("in"), output: pipeline.stream("out") }),
    pipeline.service("sink", { input: pipeline.stream("out"), output: log }),
  ];
  await pipeline.createTopics(specs);
  const services = await startReady(specs);
  const [, sink] = services;

  let sent = 0;
  let isOver = false;
  const sending = (async () => {
    for (; !isOver; await sleep(10)) await write(broker, pipeline.topic("in"), [{ value: String(sent++) }]);
  })();
  for (const id of [1, 0, 1, 0]) await moveTo(broker, id, internal);
  isOver = true;
  await sending;

  const values = Array.from({ length: sent }, (_, i) => String(i));
  expect(await outputs(pipeline.topic("out"), sent, ...services)).toEqual(values);
  await eventually(() => (sink?.printed().length ?? 0) >= sent, journals(services));
  expect(services.map((each) => each.journal()).join("")).not.toMatch(/tried again/);
  expect(sink?.printed()).toEqual(values);
});
