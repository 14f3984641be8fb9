import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { murmur2 } from "../../kafka/murmur2.ts";
import { partitionFor } from "../../kafka/partitioner.ts";

/** From UtilsTest.testMurmur2 of Kafka. */
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
])("%s is hashed as Kafka does", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

const input = { partition: 5, copartitioned: ["changelog"] };

test("a key goes to the partition that kafkajs gives it", () => {
  const theirs = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 100 }), (bytes, count) => {
      const key = Buffer.from(bytes);
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({ partitionId, leader: 0 }));
      const expected = theirs({ topic: "t", partitionMetadata, message: { key, value: "" } } as never);
      expect(partitionFor({ topic: "t", key }, count, input)).toBe(expected);
    }),
  );
});

test("without a key a record follows the input partition; a changelog's goes to that very one", () => {
  expect(partitionFor({ topic: "t", key: null }, 3, input)).toBe(2);
  expect(partitionFor({ topic: "changelog", key: "k" }, 6, input)).toBe(5);
  expect(() => partitionFor({ topic: "changelog", key: "k" }, 3, input)).toThrow(
    "changelog has 3 partitions; a record is for partition 5",
  );
  expect(partitionFor({ topic: "t", key: "k", partition: 1 }, 3, input)).toBe(1);
});
