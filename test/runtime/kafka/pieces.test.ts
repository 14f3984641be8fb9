import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { pieces } from "../../../runtime/kafka/send-all.ts";
import { sizeOf } from "../../../runtime/kafka/size-of.ts";

const record = fc.record({
  topic: fc.constantFrom("a", "b"),
  key: fc.constant(null),
  value: fc.integer({ min: 0, max: 300_000 }).map((bytes) => "x".repeat(bytes)),
});

test("a large transaction is sent in pieces that brokers take, with nothing lost or out of order", () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), (records) => {
      const sent = pieces(records);
      for (const topic of ["a", "b"]) {
        const values = sent
          .flat()
          .filter((each) => each.topic === topic)
          .flatMap(({ messages }) => messages);
        expect(values.map(({ value }) => value)).toEqual(
          records.filter((each) => each.topic === topic).map(({ value }) => value),
        );
      }
      for (const piece of sent) {
        const bytes = piece.flatMap(({ topic, messages }) =>
          messages.map(({ value }) => sizeOf({ topic, key: null, value })),
        );
        expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(512 * 1024);
      }
    }),
    { numRuns: 30 },
  );
});

test("a record larger than a piece goes alone", () => {
  const large = { topic: "a", key: null, value: "x".repeat(900_000) };
  expect(pieces([large, large])).toHaveLength(2);
});

test("what a topic takes at once is less, where it says so", () => {
  const records = Array.from({ length: 100 }, (_, i) => ({
    topic: "ab"[i % 2] as string,
    key: null,
    value: "x".repeat(75),
  }));
  const sent = pieces(records, new Map([["a", 1000]]));
  expect(sent.flat().flatMap(({ messages }) => messages)).toHaveLength(100);
  const counts = sent.map((piece) => piece.map(({ topic, messages }) => [topic, messages.length]));
  expect(counts).toEqual([
    ...Array(5).fill([
      ["a", 10],
      ["b", 10],
    ]),
  ]);
});
