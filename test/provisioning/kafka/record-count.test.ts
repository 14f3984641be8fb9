import { expect, test } from "@jest/globals";
import { countFetched } from "../../../provisioning/kafka/record-count.ts";

const TRANSACTIONAL = 0x10;
const CONTROL = 0x30;

interface BatchFields {
  readonly at: number;
  /** One more than its last offset. */
  readonly end: number;
  readonly count?: number;
  readonly attributes?: number;
  readonly producerId?: number;
}

/** A batch's header, and a control batch's record: abort is 0, commit is 1. */
function batch({ at, end, count = end - at, attributes = 0, producerId = -1 }: BatchFields, type = 0): Buffer {
  const bytes = Buffer.alloc(80);
  bytes.writeBigInt64BE(BigInt(at), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeInt32BE(end - 1 - at, 23);
  bytes.writeBigInt64BE(BigInt(producerId), 43);
  bytes.writeInt32BE(count, 57);
  bytes.writeInt16BE(type, 68);
  return bytes;
}

const of = (producerId: number, at: number, end: number) => batch({ at, end, attributes: TRANSACTIONAL, producerId });
const end = (producerId: number, at: number, type: number) =>
  batch({ at, end: at + 1, attributes: CONTROL, producerId }, type);
const [ABORT, COMMIT] = [0, 1];

test.each([
  ["nothing", [], [], 0, { records: 0, next: 0 }],
  ["batches", [batch({ at: 0, end: 3 }), batch({ at: 3, end: 4 })], [], 0, { records: 4, next: 4 }],
  ["the part of a batch from an offset on", [batch({ at: 0, end: 10 })], [], 7, { records: 3, next: 10 }],
  [
    "what compaction left",
    [batch({ at: 0, end: 100, count: 2 }), batch({ at: 100, end: 200, count: 0 })],
    [],
    0,
    { records: 2, next: 200 },
  ],
  [
    "no end of a transaction",
    [of(7, 0, 2), end(7, 2, COMMIT), of(7, 3, 4), end(7, 4, COMMIT)],
    [],
    0,
    { records: 3, next: 5 },
  ],
  [
    "nothing of an aborted transaction, but others of the same producer and of others beside it",
    [of(7, 0, 2), of(8, 2, 5), end(7, 5, ABORT), of(7, 6, 7), end(8, 7, COMMIT), end(7, 8, COMMIT)],
    [{ producerId: 7, firstOffset: 0 }],
    0,
    { records: 4, next: 9 },
  ],
  [
    "no batch that is cut",
    [batch({ at: 0, end: 3 }), batch({ at: 3, end: 9 }).subarray(0, 70)],
    [],
    0,
    { records: 3, next: 3 },
  ],
] as const)("counts %s", (_, batches, aborted, from, counted) => {
  expect(countFetched({ aborted, batches: Buffer.concat(batches) }, from)).toEqual(counted);
});
