import { expect, test } from "@jest/globals";
import { UnreadableBatchError } from "../../kafka/errors.ts";
import type { IncomingRecord, OutgoingRecord } from "../../kafka/kafka.ts";
import { sizeOf } from "../../kafka/size-of.ts";
import { AheadError } from "../../operators/time-limit.ts";
import { PoisonError } from "../../runtime/codec.ts";
import { deadLetter, deadLetterOfBatch, parseDeadLetter } from "../../runtime/dead-letter.ts";

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

/** Roughly what a topic takes by default. */
const MAX_BYTES = 1_000_000;
const refused = (changed: Partial<IncomingRecord>, error = new PoisonError("no number"), maxRecordBytes = MAX_BYTES) =>
  deadLetter("lost", "con1", from, { ...record, ...changed }, error, maxRecordBytes);

/** As it comes back from the dead-letter topic. */
const readBack = ({ key, value, headers = {} }: OutgoingRecord) =>
  parseDeadLetter({ offset: 7n, timestamp: "1800000000000", key: key as Buffer, value: value as Buffer, headers });

test("a dead letter is the record as it was, with what was wrong and where it came from in its headers", () => {
  const written = refused({}, new PoisonError("too warm", { operator: "threshold" }));
  expect(written).toMatchObject({ topic: "lost", key: record.key, value: record.value });
  expect(text(written.headers)).toEqual({
    sensor: "a,b",
    "bramble.cause": "too warm",
    "bramble.service": "con1",
    "bramble.operator": "threshold",
    "bramble.topic": "temperatures",
    "bramble.partition": "1",
    "bramble.offset": "42",
    "bramble.timestamp": "1700000000000",
  });
});

test("Kafka keeps it as long as a record of today, however old the refused one is", () => {
  expect(refused({})).not.toHaveProperty("timestamp");
});

test("it is read back as it was, without bramble's headers", () => {
  expect(readBack(refused({}, new PoisonError("too warm", { operator: "threshold" })))).toEqual({
    offset: 7n,
    id: "temperatures/1@42 1700000000000",
    refusedAt: 1_800_000_000_000,
    cause: "too warm",
    operator: "threshold",
    from: { ...from, offset: 42n },
    at: { ...from, offset: 42n },
    lastOffset: undefined,
    isResult: false,
    isAhead: false,
    cutFromBytes: undefined,
    record,
  });
});

test("one that was put back and is refused again is the same record, wherever it is now", () => {
  const first = readBack(refused({}));
  const again = readBack(refused({ offset: 99n, ...(first && { replayedFrom: first.id }) }));
  expect(again).toMatchObject({ id: first?.id, from: { ...from, offset: 42n }, at: { ...from, offset: 99n } });
});

test("what an older service was left with of another topic's dead letters is not taken for the record's own", () => {
  const headers = { "bramble.replayed-from": [Buffer.from("readings/0@3 1600000000000")] };
  expect(readBack(refused({ headers }))).toMatchObject({
    id: "temperatures/1@42 1700000000000",
    from: { ...from, offset: 42n },
  });
});

test("without the record's timestamp, the place alone says which record it is, whenever it is refused", () => {
  const { "bramble.timestamp": _, ...headers } = refused({}).headers ?? {};
  const parsed = ["1", "2"].map((timestamp) => parseDeadLetter({ ...record, timestamp, headers }));
  expect(new Set(parsed.map((each) => each?.id))).toEqual(new Set(["temperatures/1@42 -1"]));
});

test("one that was too far ahead of the clock says so, for whoever reads it again", () => {
  const ahead = new PoisonError("ahead", { cause: new AheadError(undefined, 1, "ahead") });
  expect(readBack(refused({}, ahead))).toMatchObject({ isAhead: true, record });
});

test("what is no dead letter is not taken for one", () => {
  expect(parseDeadLetter(record)).toBeUndefined();
  expect(parseDeadLetter({ ...record, headers: { "bramble.cause": [Buffer.from("x")] } })).toBeUndefined();
});

test("without an operator to blame there is no header for one", () => {
  expect(refused({}).headers).not.toHaveProperty(["bramble.operator"]);
});

test("a tombstone stays one", () => {
  expect(refused({ value: null }).value).toBeNull();
});

test("it fits a topic that takes little", () => {
  const error = new PoisonError("\u20ac".repeat(5000), { operator: "mean" });
  expect(sizeOf(refused({ value: Buffer.alloc(5000) }, error, 1000))).toBeLessThanOrEqual(1000);
});

test.each([
  { large: { value: Buffer.alloc(10_000_000, "x") }, left: { key: true, headers: true, value: true } },
  { large: { headers: { h: [Buffer.alloc(2_000_000)] } }, left: { key: true, headers: false, value: true } },
  { large: { key: Buffer.alloc(2_000_000) }, left: { key: false, headers: true, value: true } },
])("a record of any size fits the dead-letter topic, cut, and says so: $left", ({ large, left }) => {
  const written = refused(large, new PoisonError("no number ".repeat(1_000_000)));
  expect(sizeOf(written)).toBeLessThanOrEqual(MAX_BYTES);
  const { record: read, cutFromBytes } = readBack(written) ?? {};
  expect({
    key: read?.key !== null,
    headers: Object.keys(read?.headers ?? {}).length > 0,
    value: (read?.value?.length ?? 0) > 0,
  }).toEqual(left);
  expect(cutFromBytes).toBeGreaterThan(2_000_000);
});

test("one stands for what was not read of a batch, by its offsets, and has no record", () => {
  const unreadable = new UnreadableBatchError("gzip: too much", { first: 17n, last: 42n, isDamaged: false });
  const written = deadLetterOfBatch("lost", "con1", from, unreadable);
  expect(written).toMatchObject({ topic: "lost", key: null, value: null });
  expect(readBack(written)).toMatchObject({
    cause: "the record batch with offsets 17 to 42 cannot be read: gzip: too much",
    from: { ...from, offset: 17n },
    lastOffset: 42n,
  });
});

test("of a record that was too large to be read, its size is known, and a part is there", () => {
  const refusal = { why: "too large", bytes: 5_000_000 };
  expect(readBack(refused({ refusal }))).toMatchObject({ cutFromBytes: 5_000_000, record: { key: record.key } });
});
