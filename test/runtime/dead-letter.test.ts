import { expect, test } from "@jest/globals";
import { PoisonError } from "../../runtime/codec.ts";
import { deadLetter } from "../../runtime/dead-letter.ts";
import { sizeOf } from "../../runtime/kafka/transactional-producer.ts";

const record = {
  offset: 42n,
  timestamp: "1700000000000",
  key: Buffer.from("kitchen"),
  value: Buffer.from("warm"),
  headers: { sensor: [Buffer.from("a"), Buffer.from("b")] },
};
const from = { topic: "temperatures", partition: 1 };

const text = (headers: Readonly<Record<string, readonly Buffer[]>> = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.map(String).join(",")]));

test("a dead letter is the record as it was, with what was wrong and where it came from in its headers", () => {
  const letter = deadLetter("lost", "con1", from, record, new PoisonError("too warm", { operator: "threshold" }));
  expect(letter).toMatchObject({ topic: "lost", key: record.key, value: record.value, timestamp: "1700000000000" });
  expect(text(letter.headers)).toEqual({
    sensor: "a,b",
    "bramble.cause": "too warm",
    "bramble.service": "con1",
    "bramble.operator": "threshold",
    "bramble.topic": "temperatures",
    "bramble.partition": "1",
    "bramble.offset": "42",
  });
});

test("without an operator to blame there is no header for one", () => {
  const letter = deadLetter("lost", "con1", from, record, new PoisonError("no number"));
  expect(letter.headers).not.toHaveProperty(["bramble.operator"]);
});

test("a tombstone stays one", () => {
  expect(deadLetter("lost", "con1", from, { ...record, value: null }, new PoisonError("none")).value).toBeNull();
});

test("a record as large as a topic takes still fits a topic, cut, and says so", () => {
  const value = Buffer.alloc(1_048_000, "x");
  const letter = deadLetter("lost", "con1", from, { ...record, value }, new PoisonError("no number"));
  expect(sizeOf(letter)).toBeLessThan(1_048_588);
  expect(text(letter.headers)).toMatchObject({ "bramble.cut-from-bytes": "1048000" });
});
