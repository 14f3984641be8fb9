import { expect, jest, test } from "@jest/globals";
import { clusterMetadata } from "../../provisioning/kafka/cluster-metadata.ts";
import { committedOffsets } from "../../provisioning/kafka/committed-offsets.ts";
import { type GroupPartition, partitionLags, stalledLags } from "../../status/partition-lag.ts";
import { eventually } from "../../testing/eventually.ts";
import { startService } from "../../testing/running-service.ts";
import { Pipeline } from "../../testing/service-specs.ts";
import { write } from "../../testing/topics.ts";
import { useOwnBroker } from "../../testing/use-broker.ts";

jest.setTimeout(120_000);

const { broker, outputs } = await useOwnBroker();
const server = broker.bootstrapServer;

async function lagsOf(...readings: GroupPartition[]) {
  return partitionLags([server], await clusterMetadata(server), readings);
}

test("how far a service is, what waits for it and whether it moves; ends of transactions are no records", async () => {
  const pipeline = new Pipeline(broker);
  const spec = pipeline.service("con1", { input: pipeline.stream("in"), output: pipeline.stream("out") });
  await pipeline.createTopics([spec], 2);
  const [input, out, deadLetters = ""] = [pipeline.topic("in"), pipeline.topic("out"), spec.deadLetterTopic];
  const reads = (partition: number) => ({ group: spec.groupId, topic: input, partition });
  const one = (value: string, partition: number) => ({ value, partition });
  await write(broker, input, [one("1", 0), one("2", 0), one("3", 1)]);
  // A broker that nobody has asked for a group yet makes the topic of their offsets first.
  await eventually(
    async () => (await lagsOf(reads(0)))[0]?.position !== undefined,
    () => "no coordinator tells",
  );
  // It has never committed, and begins with what is there.
  expect(await lagsOf(reads(0), reads(1))).toMatchObject([
    { position: 0, end: 2, lag: { records: 2, isExact: true } },
    { position: 0, end: 1, lag: { records: 1, isExact: true } },
  ]);

  const con1 = await startService(spec);
  await outputs(out, 3, con1);
  await write(broker, input, [one("none", 0), one("4", 0)]);
  await outputs(out, 4, con1);
  await eventually(async () => (await lagsOf(reads(0)))[0]?.position === 4, con1.journal);
  const [own, stranger, refused] = await lagsOf(
    reads(0),
    { group: "stranger", topic: out, partition: 0 },
    { group: deadLetters, topic: deadLetters, partition: 0 },
  );
  expect(own).toMatchObject({ position: 4, end: 4, lag: { records: 0, isExact: true } });
  expect(stranger?.end).toBeGreaterThan(3);
  expect(stranger?.lag).toEqual({ records: 3, isExact: true });
  expect(refused?.lag).toEqual({ records: 1, isExact: true });
  expect(await stalledLags([server], own ? [own] : [])).toEqual([]);

  await con1.stop();
  await write(broker, input, [one("5", 0), one("6", 1)]);
  const behind = await lagsOf(reads(0), reads(1));
  expect(behind.map(({ lag }) => lag?.records)).toEqual([1, 1]);
  expect(await stalledLags([server], behind)).toEqual(behind);
  const again = await startService(spec);
  await eventually(async () => (await lagsOf(...behind)).every(({ end, position }) => position === end), again.journal);
  expect(await stalledLags([server], behind)).toEqual([]);
});

test("of much that waits no more than an upper bound is told", async () => {
  const pipeline = new Pipeline(broker);
  const spec = pipeline.service("con1", { input: pipeline.stream("in"), output: pipeline.stream("out") });
  await pipeline.createTopics([spec]);
  const reading = { group: spec.groupId, topic: pipeline.topic("in"), partition: 0 };
  await write(
    broker,
    reading.topic,
    Array.from({ length: 30 }, () => ({ value: "x".repeat(100_000) })),
  );
  expect((await lagsOf(reading))[0]?.lag).toEqual({ records: 30, isExact: false });
});

test("a partition that nobody leads hides nothing of the others", async () => {
  const pipeline = new Pipeline(broker);
  const spec = pipeline.service("con1", { input: pipeline.stream("in"), output: pipeline.stream("out") });
  await pipeline.createTopics([spec]);
  const second = await broker.startSecond();
  const away = `${pipeline.topic("in")}-away`;
  broker.tool("kafka-topics.sh", "--create", "--topic", away, "--replica-assignment", "1");
  await eventually(
    async () => (await clusterMetadata(server)).partitions.some(({ topic, leader }) => topic === away && leader === 1),
    () => `nobody leads ${away}`,
  );
  await second.kill();
  await eventually(
    async () =>
      (await clusterMetadata(server)).partitions.some((each) => each.topic === away && each.leader === undefined),
    () => `${away} still has a leader`,
  );
  const metadata = await clusterMetadata(server);
  expect([...metadata.brokers]).toEqual([[0, server]]);
  expect(metadata.partitions.find(({ topic }) => topic === away)).toMatchObject({ replicas: [1], leader: undefined });
  const of = (topic: string) => ({ group: spec.groupId, topic, partition: 0 });
  await write(broker, pipeline.topic("in"), [{ value: "1" }]);
  const [gone, there] = await lagsOf(of(away), of(pipeline.topic("in")));
  expect(gone).toMatchObject({ end: undefined, lag: undefined });
  expect(there).toMatchObject({ position: 0, end: 1, lag: { records: 1, isExact: true } });
  expect(await committedOffsets(server, [])).toEqual(new Map());
});
