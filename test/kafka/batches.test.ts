import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { HEAD_BYTES } from "../../kafka/batch-layout.ts";
import { batchesOf } from "../../kafka/batches.ts";
import type { EncodedRecords } from "../../kafka/kafka.ts";
import { recordsOf } from "../../kafka/record-reader.ts";
import { sizeOf } from "../../kafka/size-of.ts";

const MAX_BYTES = 512 * 1024;

const record = fc.record({
  topic: fc.constantFrom("a", "b"),
  key: fc.constant(null),
  value: fc.integer({ min: 0, max: 300_000 }).map((bytes) => "x".repeat(bytes)),
});

/** What a broker stores of a batch. */
function recordsIn(batch: EncodedRecords) {
  const bytes = batch.encode({ transactional: false, producerId: 1n, producerEpoch: 0, firstSequence: 0 });
  return [...recordsOf([{ baseOffset: 0n, bytes: bytes.subarray(HEAD_BYTES) }])];
}

test("a large transaction is sent in batches that brokers take, with nothing lost or out of order", () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), (records) => {
      const sent = batchesOf(records, ({ topic }) => (topic === "a" ? 0 : 1));
      for (const { topic, partition, batches } of sent) {
        expect(partition).toBe(topic === "a" ? 0 : 1);
        const stored = batches.map(({ encoded }) => recordsIn(encoded));
        expect(stored.flat().map(({ value }) => value?.length)).toEqual(
          records.filter((each) => each.topic === topic).map(({ value }) => value.length),
        );
        for (const batch of stored) {
          const bytes = batch.reduce((sum, each) => sum + sizeOf(each), 0);
          expect(batch.length === 1 || bytes <= MAX_BYTES).toBe(true);
        }
      }
      expect(sent.map(({ topic }) => topic).sort()).toEqual([...new Set(records.map(({ topic }) => topic))].sort());
    }),
    { numRuns: 30 },
  );
});

test("a record larger than a batch goes alone", () => {
  const large = { topic: "a", key: null, value: "x".repeat(900_000) };
  expect(batchesOf([large, large], () => 0)[0]?.batches.map(({ encoded }) => encoded.count)).toEqual([1, 1]);
});

test("what a topic takes at once is less, where it says so", () => {
  const records = Array.from({ length: 40 }, (_, i) => ({
    topic: "ab"[i % 2] as string,
    key: null,
    value: "x".repeat(75),
  }));
  const sent = batchesOf(records, () => 0, new Map([["a", 1000]]));
  expect(sent.map(({ topic, batches }) => [topic, batches.map(({ encoded }) => encoded.count)])).toEqual([
    ["a", [10, 10]],
    ["b", [20]],
  ]);
});

test("a record keeps its key, headers, null value and time", () => {
  const record = {
    topic: "a",
    key: "k",
    value: null,
    headers: { h: [Buffer.from("1"), Buffer.from("")], "\u00e9": [Buffer.from([0])] },
    timestamp: "1767225600000",
  };
  const [batch] = batchesOf([record], () => 0)[0]?.batches ?? [];
  expect(recordsIn(batch?.encoded as EncodedRecords)).toEqual([
    { offset: 0n, timestamp: record.timestamp, key: Buffer.from("k"), value: null, headers: record.headers },
  ]);
});
