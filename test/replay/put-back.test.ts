import { expect, test } from "@jest/globals";
import type { IncomingRecord } from "../../kafka/kafka.ts";
import { type Consumer, countDeadLetters, readDeadLetters } from "../../replay/dead-letters.ts";
import { putBack } from "../../replay/put-back.ts";
import { addressedTo } from "../../runtime/addressed-to.ts";
import { PoisonError } from "../../runtime/codec.ts";
import { deadLetter, RESULT } from "../../runtime/dead-letter.ts";
import { RecordsInMemory } from "./records-in-memory.ts";

const consumer: Consumer = {
  name: "con1",
  groupId: "p-con1",
  inputTopics: ["in"],
  deadLetterTopic: "p-con1-dead-letters",
};

/** A service that refuses all it reads from where it is, and its cluster. */
function refusing() {
  const cluster = new RecordsInMemory(["in", consumer.deadLetterTopic]);
  let position = 0;
  let nowMs = 5_000;
  const refuse = (record: IncomingRecord, from = "in") => {
    const error = new PoisonError("no number");
    const source = { topic: from, partition: 0 };
    const { topic, ...letter } = deadLetter(consumer.deadLetterTopic, "con1", source, record, error, 1e6);
    cluster.append(topic, { ...letter, timestamp: String(nowMs) });
  };
  return {
    cluster,
    refuse,
    /** Its input, as it reads it. */
    input: () => [...addressedTo(consumer.groupId, cluster.all("in"))],
    /** Reads on, or again from an offset. */
    read(from = position) {
      nowMs += 1000;
      for (const record of addressedTo(consumer.groupId, cluster.all("in").slice(from))) refuse(record);
      position = cluster.all("in").length;
    },
  };
}

async function shown(cluster: RecordsInMemory, most?: number): Promise<string[]> {
  const lines: string[] = [];
  await readDeadLetters(cluster.asCluster(), consumer, { most }, ({ from, record }, { isPutBack, times }) => {
    lines.push(`in@${from.offset} ${record.value} x${times}${isPutBack ? " put back" : ""}`);
  });
  return lines;
}

test("a record that is refused again and again, or read again by a replay, stays one dead letter, put back once each time", async () => {
  const { cluster, read } = refusing();
  for (const value of ["a", "b", "c"]) cluster.append("in", { value });
  read();
  for (let round = 1; round <= 3; round++) {
    expect(await putBack(cluster.asCluster(), consumer)).toEqual({ records: 3, left: [] });
    expect(await shown(cluster)).toEqual(["in@0 a", "in@1 b", "in@2 c"].map((each) => `${each} x${round} put back`));
    read();
    expect(await countDeadLetters(cluster.asCluster(), consumer)).toMatchObject({ waiting: 3, putBack: 0 });
  }
  read(0);
  expect(await shown(cluster)).toEqual(["in@0 a x8", "in@1 b x8", "in@2 c x8"]);
  expect(await shown(cluster, 1)).toEqual(["in@2 c x8"]);
  expect(await putBack(cluster.asCluster(), consumer)).toEqual({ records: 3, left: [] });
  expect(await putBack(cluster.asCluster(), consumer)).toEqual({ records: 0, left: [] });
  expect(cluster.values("in")).toEqual(Array(5).fill(["a", "b", "c"]).flat());
});

test("the same offset of a topic that was made anew, or of another file of the same name, is another record", async () => {
  const { cluster, refuse } = refusing();
  const record = (timestamp: string): IncomingRecord => ({
    ...{ offset: 0n, key: null, value: Buffer.from(timestamp), headers: {} },
    timestamp,
  });
  refuse(record("1"));
  refuse(record("2"));
  expect(await countDeadLetters(cluster.asCluster(), consumer)).toMatchObject({ waiting: 2 });
  expect(await putBack(cluster.asCluster(), consumer)).toEqual({ records: 2, left: [] });
});

test("results of one record are dead letters of their own, and the same when the record is read again", async () => {
  const { cluster, refuse } = refusing();
  const result = (value: string): IncomingRecord => ({
    ...{ offset: 0n, timestamp: "1", key: null },
    value: Buffer.from(value),
    headers: { [RESULT]: [Buffer.from("true")] },
  });
  for (const value of ["10", "20", "10", "20"]) refuse(result(value));
  expect(await countDeadLetters(cluster.asCluster(), consumer)).toMatchObject({ waiting: 2 });
});

test("what cannot be put back goes on waiting, and is told with the reason; it does not grow", async () => {
  const { cluster, refuse, read } = refusing();
  const elsewhere = { offset: 9n, timestamp: "1", key: null, value: Buffer.from("old"), headers: {} };
  refuse(elsewhere, "formerly");
  for (const value of ["a", "b"]) cluster.append("in", { value });
  read();
  const left = [
    {
      from: { topic: "formerly", partition: 0, offset: 9n },
      why: "it is a record of formerly, which con1 no longer reads",
    },
  ];
  expect(await putBack(cluster.asCluster(), consumer)).toEqual({ records: 2, left });
  expect(cluster.values("in")).toEqual(["a", "b", "a", "b"]);
  expect(await countDeadLetters(cluster.asCluster(), consumer)).toMatchObject({ waiting: 1, putBack: 2 });
  const before = cluster.values(consumer.deadLetterTopic);
  for (let again = 0; again < 3; again++) {
    expect(await putBack(cluster.asCluster(), consumer)).toEqual({ records: 0, left });
  }
  expect(cluster.values(consumer.deadLetterTopic)).toEqual(before);
  expect(await shown(cluster)).toEqual(["in@0 a x1 put back", "in@1 b x1 put back", "in@9 old x1"]);
  // Once the service reads that topic again.
  const readingBoth = { ...consumer, inputTopics: ["in", "formerly"] };
  cluster.create("formerly");
  expect(await putBack(cluster.asCluster(), readingBoth)).toEqual({ records: 1, left: [] });
  expect(cluster.values("formerly")).toEqual(["old"]);
});

test("however often it is cut short, each record is put back once and none is lost", async () => {
  for (let cut = 1; cut < 6; cut++) {
    const { cluster, read, refuse } = refusing();
    for (const value of ["a", "b", "c", "d", "e"]) cluster.append("in", { value });
    read();
    refuse({ offset: 9n, timestamp: "1", key: null, value: Buffer.from("old"), headers: {} }, "formerly");
    read(0);
    for (let run = 0; run < 20; run++) {
      cluster.dieAfter(run < 5 ? cut : Number.POSITIVE_INFINITY);
      await putBack(cluster.asCluster(), consumer).catch(({ message }) => expect(message).toBe("the plug is pulled"));
    }
    expect(cluster.values("in").slice(5).sort()).toEqual(["a", "b", "c", "d", "e"]);
    expect(await countDeadLetters(cluster.asCluster(), consumer)).toMatchObject({ waiting: 1, putBack: 5 });
  }
});

test("nothing of this is seen by operators, nor by those that read the results", async () => {
  const { cluster, read, input } = refusing();
  cluster.append("in", { value: "a", headers: { sensor: [Buffer.from("1")] } });
  read();
  await putBack(cluster.asCluster(), consumer);
  expect(input()[1]).toMatchObject({ value: Buffer.from("a"), headers: { sensor: [Buffer.from("1")] } });
  expect(Object.keys(input()[1]?.headers ?? {})).toEqual(["sensor"]);
});
