import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, jest, test } from "@jest/globals";
import type { Kafka } from "../../kafka/kafka.ts";
import { aroundTransact } from "../../replay/around-transact.ts";
import { type Consumer, countDeadLetters, readDeadLetters, withoutTopic } from "../../replay/dead-letters.ts";
import { otherReaders } from "../../replay/other-readers.ts";
import { putBack } from "../../replay/put-back.ts";
import type { DeadLetter } from "../../runtime/dead-letter.ts";
import type { ServiceSpec } from "../../runtime/service-spec.ts";
import { eventually } from "../../testing/eventually.ts";
import { startService } from "../../testing/running-service.ts";
import { Pipeline } from "../../testing/service-specs.ts";
import { configure, type NewRecord, write } from "../../testing/topics.ts";
import { useCluster } from "./use-cluster.ts";

jest.setTimeout(120_000);

const { broker, reader, outputs, onCluster, withAdmin } = useCluster();
let pipeline: Pipeline;

beforeEach(() => {
  pipeline = new Pipeline(broker);
});

/** One record whose value is the file's content, by librdkafka. */
function kcat(topic: string, content: Buffer | string, ...args: string[]): void {
  const file = join(mkdtempSync(join(tmpdir(), "bramble-record-")), "value");
  writeFileSync(file, content);
  execFileSync("kcat", [
    "-q",
    "-P",
    "-b",
    broker.bootstrapServer,
    "-X",
    "message.max.bytes=20000000",
    "-t",
    topic,
    ...args,
    file,
  ]);
}

function consumerOf({ name, groupId, input, deadLetterTopic }: ServiceSpec): Consumer {
  if (input.kind !== "topic" || deadLetterTopic === undefined) throw new Error(`${name} reads no topic`);
  return { name, groupId, inputTopics: [input.topic], deadLetterTopic };
}

async function deadLettersOf(spec: ServiceSpec): Promise<{ waiting: DeadLetter[]; putBack: DeadLetter[] }> {
  const found = { waiting: [] as DeadLetter[], putBack: [] as DeadLetter[] };
  await onCluster((cluster) =>
    readDeadLetters(cluster, consumerOf(spec), {}, (deadLetter, { isPutBack }) => {
      found[isPutBack ? "putBack" : "waiting"].push(deadLetter);
    }),
  );
  return found;
}

test("records of 10 MB, packed small or not, and random bytes stop no stream: what cannot go on is a dead letter", async () => {
  const stream = (name: string) => ({ ...pipeline.stream(name), format: "json" }) as const;
  const spec = pipeline.service("con1", { input: stream("in"), output: stream("out") });
  await pipeline.createTopics([spec]);
  const [input, output] = [pipeline.topic("in"), pipeline.topic("out")];
  await configure(broker, input, { "max.message.bytes": "20000000" });
  const large = JSON.stringify("x".repeat(10_000_000));
  // The same bytes in every run.
  const random = Array.from({ length: 200 }, (_, i) =>
    createHash("sha512")
      .update(`${i}`)
      .digest()
      .subarray(0, i % 65),
  );
  await write(broker, input, [{ value: '"first"' }]);
  kcat(input, large, "-z", "gzip");
  kcat(input, large);
  kcat(input, `"${"y".repeat(900_000)}"`);
  await write(
    broker,
    input,
    random.map((value): NewRecord => ({ value })),
  );
  await write(broker, input, [{ value: "NaN" }, { value: "1e309" }, { value: null }, { value: '"last"' }]);

  const con1 = await startService(spec);
  await eventually(async () => (await reader.values(output)).includes('"last"'), con1.journal);
  const out = await reader.values(output);
  const { waiting } = await deadLettersOf(spec);
  expect(out.map((value) => value?.slice(0, 8)).filter((value) => value?.startsWith('"'))).toEqual([
    '"first"',
    '"yyyyyyy',
    '"last"',
  ]);
  // Nothing is lost: some random bytes may be JSON.
  expect(out.length + waiting.length).toBe(1 + 2 + 1 + random.length + 4);
  const cut = waiting.filter(({ cutFromBytes }) => cutFromBytes !== undefined);
  expect(cut.map(({ cause }) => cause)).toEqual([
    expect.stringMatching(/^it has 100000\d\d bytes; of a compressed record a service reads at most \d+$/),
    expect.stringMatching(/^emitted a record of 100000\d\d bytes; .*out takes at most 1048527$/),
  ]);
  expect(cut[0]?.record.value?.subarray(0, 100)).toEqual(Buffer.from(large).subarray(0, 100));

  // Once the topic takes it, the whole record is put back: the dead letter has a part of it only.
  await configure(broker, output, { "max.message.bytes": "20000000" });
  await con1.stop();
  const { records, left } = await onCluster((cluster) => putBack(cluster, consumerOf(spec)));
  // What was packed stays beyond what a service reads.
  expect({ records, left }).toEqual({
    records: waiting.length - 1,
    left: [{ from: expect.objectContaining({ topic: input, offset: 1n }), why: cut[0]?.cause }],
  });
  const again = await startService(spec);
  // Reading it whole takes Python seconds.
  const end = () => withAdmin(async (admin) => Number((await admin.fetchTopicOffsets(output))[0]?.high));
  const before = await end();
  await eventually(async () => (await end()) >= before + 1, again.journal);
  await eventually(async () => (await deadLettersOf(spec)).waiting.length >= waiting.length - 1, again.journal);
  const added = (await reader.values(output)).slice(out.length);
  expect(added.map((value) => value === large)).toEqual([true]);
});

test("dead letters are put back once, for their service alone, however often that is cut short", async () => {
  const streamOf = (name: string) => ({ ...pipeline.stream(name), format: "text" }) as const;
  const specs = {
    refuses: pipeline.service("con1", { input: pipeline.stream("in"), output: streamOf("out") }),
    takes: pipeline.service("con1", { input: streamOf("in"), output: streamOf("out") }),
    other: pipeline.service("con2", { input: streamOf("in"), output: streamOf("other") }),
  };
  await pipeline.createTopics([specs.refuses, specs.other], 3);
  const [input, out, others] = [pipeline.topic("in"), pipeline.topic("out"), pipeline.topic("other")];
  const records = Array.from({ length: 90 }, (_, i) => ({
    value: `word ${i}`,
    key: `key ${i % 7}`,
    partition: Math.floor(i / 5) % 3,
    timestamp: String(1_700_000_000_000 + i),
    headers: { sensor: `${i}` },
  }));
  await write(broker, input, records);
  const began = Date.now();
  const [first, other] = await Promise.all([startService(specs.refuses), startService(specs.other)]);
  await eventually(async () => (await deadLettersOf(specs.refuses)).waiting.length >= 90, first.journal);
  await outputs(others, 90, other);
  await first.stop();
  const { waiting } = await deadLettersOf(specs.refuses);
  expect(waiting[0]?.refusedAt).toBeGreaterThanOrEqual(began);
  expect(waiting[0]?.refusedAt).toBeLessThanOrEqual(Date.now());
  expect(waiting[0]).toMatchObject({
    cause: expect.stringMatching(/^expected a JSON number, found /),
    operator: undefined,
  });

  // Cut short after a transaction, and before another: the first is not done again, the other not left out.
  const consumer = consumerOf(specs.refuses);
  for (const commits of [1, 1]) {
    await expect(
      onCluster((cluster) => putBack({ ...cluster, kafka: dyingAfter(commits, cluster.kafka) }, consumer)),
    ).rejects.toThrow("the plug is pulled");
  }
  const soFar = (await deadLettersOf(specs.refuses)).putBack.length;
  expect(soFar).toBeGreaterThan(0);
  expect(soFar).toBeLessThan(90);
  expect(await onCluster((cluster) => putBack(cluster, consumer))).toEqual({ records: 90 - soFar, left: [] });
  expect(await onCluster((cluster) => putBack(cluster, consumer))).toEqual({ records: 0, left: [] });

  const fixed = await startService(specs.takes);
  await outputs(out, 90, fixed);
  const read = await reader.read(input, out, others, consumer.deadLetterTopic);
  const essence = (of: (typeof read)[string] = []) =>
    of
      .map(({ partition, key, value, timestamp, headers: { sensor } }) => ({
        ...{ partition, key, value, timestamp: String(timestamp), headers: { sensor } },
      }))
      .sort((a, b) => Number(a.timestamp) - Number(b.timestamp));
  expect(essence(read[input])).toEqual(records.flatMap((record) => [record, record]));
  const last = (read[input] ?? []).slice(-1)[0];
  expect(last?.headers).toEqual({
    sensor: "89",
    "bramble.replayed-for": specs.takes.groupId,
    "bramble.replayed-from": expect.stringMatching(new RegExp(`^${input}/${last?.partition}@\\d+ ${last?.timestamp}$`)),
  });
  const values = (topic: string) => read[topic]?.map(({ value }) => value).sort();
  expect(values(out)).toEqual(records.map(({ value }) => value).sort());
  expect(values(others)).toEqual(records.map(({ value }) => value).sort());
  expect(read[out]?.every(({ headers }) => !Object.keys(headers).some((name) => name.startsWith("bramble.")))).toBe(
    true,
  );
  expect(read[consumer.deadLetterTopic]).toHaveLength(90);

  // A reader that is no service of bramble's is named: it gets the records a second time.
  execFileSync("kcat", [
    "-q",
    "-b",
    broker.bootstrapServer,
    "-G",
    "my_program",
    "-e",
    "-c",
    "90",
    input,
    "-X",
    "auto.offset.reset=earliest",
  ]);
  const known = new Set([specs.takes.groupId, specs.other.groupId]);
  expect(await onCluster((cluster) => otherReaders(cluster, input, known))).toEqual(["my_program"]);
});

test("a service whose topic is not there is told from one that has no dead letters; the others are counted", async () => {
  const services = ["con1", "con2", "con3"].map((name) =>
    pipeline.service(name, { input: pipeline.stream("in"), output: pipeline.stream("out") }),
  );
  await pipeline.createTopics(services);
  const [con1, con2, con3] = services.map(consumerOf);
  if (!con1 || !con2 || !con3) throw new Error("there are three");
  await write(broker, pipeline.topic("in"), [{ value: "warm" }]);
  const running = await startService(services[0] as ServiceSpec);
  await eventually(async () => (await deadLettersOf(services[0] as ServiceSpec)).waiting.length === 1, running.journal);
  await onCluster(async (cluster) => {
    await cluster.admin.deleteTopic(con2.deadLetterTopic);
    await eventually(
      async () => (await withoutTopic(cluster, [con2])).length === 1,
      () => "con2's topic is there",
    );
    expect(await withoutTopic(cluster, [con1, con2, con3])).toEqual([con2]);
    expect(await countDeadLetters(cluster, con1)).toMatchObject({ waiting: 1, putBack: 0, newest: expect.any(Number) });
    expect(await countDeadLetters(cluster, con3)).toEqual({ waiting: 0, putBack: 0, newest: undefined });
    await expect(countDeadLetters(cluster, con2)).rejects.toThrow(`topic ${con2.deadLetterTopic} does not exist`);
    expect(await withAdmin((admin) => admin.listTopics())).not.toContain(con2.deadLetterTopic);
  });
});

/** Its process dies after so many transactions that were committed: the last one without its knowing. */
function dyingAfter(commits: number, kafka: Kafka): Kafka {
  let count = 0;
  return aroundTransact(kafka, async (transact) => {
    const written = await transact();
    if (++count === commits) throw new Error("the plug is pulled");
    return written;
  });
}

test("many transactions of a command follow one another, each waiting for the end of the one before", async () => {
  const topic = pipeline.topic("in");
  const COUNT = 100;
  const spec = pipeline.service("con", { input: pipeline.stream("in"), output: pipeline.stream("out") });
  await pipeline.createTopics([spec]);
  await onCluster(async ({ kafka }) => {
    const producer = await kafka.producer({ transactionalId: spec.groupId, partition: 0, copartitioned: [] });
    for (let i = 0; i < COUNT; i++) {
      await producer.transact({
        records: [{ topic, key: null, value: String(i) }],
        changelog: [],
        maxRecordBytes: new Map(),
        consumed: [{ groupId: spec.groupId, partition: { topic, partition: 0 }, offset: BigInt(i) }],
      });
    }
  });
  expect(await outputs(topic, COUNT)).toEqual(Array.from({ length: COUNT }, (_, i) => String(i)));
});
