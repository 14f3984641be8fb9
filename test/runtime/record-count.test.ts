import { expect, test } from "@jest/globals";
import type { IncomingRecord } from "../../kafka/kafka.ts";
import { countRecords } from "../../runtime/record-count.ts";

const range = { topic: "in", partition: 0, from: 10n, end: 20n };

/** Records at these offsets, `atOnce` offsets with each read; nothing is decided from an offset on. */
function partition(offsets: readonly number[], { atOnce = 4, undecided = 1000, bytes = 1 } = {}) {
  let reads = 0;
  const record = (offset: number): IncomingRecord => ({
    ...{ offset: BigInt(offset), timestamp: "0", key: null, headers: {} },
    value: Buffer.alloc(bytes, String(offset % 2)),
  });
  const read = async (_: unknown, from: bigint) => {
    reads++;
    const next = Math.min(Number(from) + atOnce, Math.max(Number(from), undecided));
    const records = offsets.filter((offset) => offset >= Number(from) && offset < next).map(record);
    return { records: { firstOffset: from, decode: () => records }, nextOffset: BigInt(next) };
  };
  return { read, reads: () => reads };
}

test.each([
  [
    "records, not the ends of transactions between them",
    partition([10, 11, 13, 16, 18]),
    { records: 5, isExact: true },
  ],
  ["none behind the end", partition([18, 19, 20, 21]), { records: 2, isExact: true }],
  ["nothing", partition([]), { records: 0, isExact: true }],
  [
    "no more than there are offsets where a transaction is open",
    partition([10, 12], { undecided: 15 }),
    { records: 7, isExact: false },
  ],
  [
    "no more than there are offsets where they are large",
    partition([10, 11, 12], { bytes: 1_000_000 }),
    { records: 9, isExact: false },
  ],
])("counts %s", async (_, log, counted) => {
  expect(await countRecords(log, range)).toEqual(counted);
});

test("an empty range is not read", async () => {
  const log = partition([]);
  expect(await countRecords(log, { ...range, end: 10n })).toEqual({ records: 0, isExact: true });
  expect(log.reads()).toBe(0);
});

test("what is the same counts once", async () => {
  const idOf = ({ value }: IncomingRecord) => value?.toString();
  expect(await countRecords(partition([10, 11, 12, 14, 17]), range, { idOf })).toEqual({ records: 2, isExact: true });
});

test("what cannot be read keeps its upper bound, and so does what there is no time for", async () => {
  const damaged = {
    firstOffset: 10n,
    decode: () => {
      throw new Error("damaged");
    },
  };
  const unreadable = { read: async () => ({ records: damaged, nextOffset: 20n }) };
  expect(await countRecords(unreadable, range)).toEqual({ records: 10, isExact: false });
  const failing = { read: () => Promise.reject(new Error("no leader")) };
  expect(await countRecords(failing, range)).toEqual({ records: 10, isExact: false });
  const log = partition([10, 11]);
  expect(await countRecords(log, range, { isLate: () => log.reads() > 0 })).toEqual({ records: 8, isExact: false });
});
