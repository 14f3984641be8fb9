import { expect, test } from "@jest/globals";
import {
  ATTRIBUTES_AT,
  CONTROL,
  CRC_AT,
  HEAD_BYTES,
  LAST_OFFSET_DELTA_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
} from "../../kafka/batch-layout.ts";
import { crc32c } from "../../kafka/crc32c.ts";
import { fetchedRun } from "../../kafka/fetched-run.ts";
import { RecordWriter } from "../../kafka/record-writer.ts";

const LEADER_EPOCH = 3;
const where = { topic: "t", partition: 0 };

interface LogBatch {
  readonly offset: number;
  readonly values: readonly string[];
  readonly producerId?: bigint;
  /** Of a marker. */
  readonly key?: string;
  readonly lastOffset?: number;
}

/** As it is in a broker's log. */
function inLog({ offset, values, producerId, key, lastOffset }: LogBatch): Buffer {
  const writer = new RecordWriter(100);
  for (const value of values) writer.writeRecord({ key: key ? Buffer.from(key, "hex") : null, value }, 1000);
  const sender = { transactional: producerId !== undefined, producerId: producerId ?? -1n };
  const bytes = Buffer.from(writer.finish().encode({ ...sender, producerEpoch: 0, firstSequence: 0 }));
  bytes.writeBigInt64BE(BigInt(offset), 0);
  const batch = bytes.subarray(HEAD_BYTES);
  batch.writeInt32BE(LEADER_EPOCH, 0);
  if (lastOffset !== undefined) batch.writeInt32BE(lastOffset - offset, LAST_OFFSET_DELTA_AT);
  if (key !== undefined) batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | CONTROL, ATTRIBUTES_AT);
  expect(batch.readBigInt64BE(PRODUCER_ID_AT)).toBe(sender.producerId);
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT);
  return bytes;
}

const abort = (offset: number, producerId: bigint) => inLog({ offset, values: [""], producerId, key: "00000000" });
const commit = (offset: number, producerId: bigint) => inLog({ offset, values: [""], producerId, key: "00000001" });

async function read(batches: readonly Buffer[], from = 0n, aborted: readonly (readonly [bigint, bigint])[] = []) {
  const abortedTransactions = aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset }));
  const run = await fetchedRun(where, { records: Buffer.concat(batches), abortedTransactions }, from);
  const { records, isEmpty, nextOffset } = run;
  const values = [...records.decode()].map(({ value }) => String(value));
  return { values, isEmpty, nextOffset, firstOffset: records.firstOffset, leaderEpoch: records.leaderEpoch };
}

test("records from an offset on are given, with where to go on and who led when they were written", async () => {
  const batches = [inLog({ offset: 0, values: ["a", "b"] }), inLog({ offset: 2, values: ["c"] })];
  expect(await read(batches, 1n)).toEqual({
    ...{ values: ["b", "c"], isEmpty: false, nextOffset: 3n, firstOffset: 1n, leaderEpoch: LEADER_EPOCH },
  });
});

test("the last batch may be cut off: it is none yet", async () => {
  const [first, second] = [inLog({ offset: 0, values: ["a"] }), inLog({ offset: 1, values: ["b"] })];
  expect(await read([first, second.subarray(0, -1)])).toMatchObject({ values: ["a"], nextOffset: 1n });
  expect(await read([first, second.subarray(0, 5)])).toMatchObject({ values: ["a"], nextOffset: 1n });
  expect(await read([])).toMatchObject({ values: [], nextOffset: 0n, isEmpty: true });
});

test("marks of transactions are no records, and what was aborted is left out, also where transactions overlap", async () => {
  const log = [
    inLog({ offset: 0, values: ["1"], producerId: 1n }),
    inLog({ offset: 1, values: ["2"], producerId: 2n }),
    inLog({ offset: 2, values: ["3"], producerId: 3n }),
    inLog({ offset: 3, values: ["no transaction"] }),
    abort(4, 1n),
    commit(5, 2n),
    inLog({ offset: 6, values: ["4"], producerId: 1n }),
    abort(7, 3n),
    commit(8, 1n),
  ];
  const aborted = [
    [3n, 2n],
    [1n, 0n],
  ] as const;
  expect(await read(log, 0n, aborted)).toMatchObject({ values: ["2", "no transaction", "4"], nextOffset: 9n });
});

test("where nothing is left of what was fetched, reading goes on behind it", async () => {
  const log = [inLog({ offset: 0, values: ["1"], producerId: 1n }), abort(1, 1n)];
  expect(await read(log, 0n, [[1n, 0n]])).toMatchObject({ values: [], isEmpty: true, nextOffset: 2n });
  // Compaction took the last records of the batch, or all of them.
  expect(await read([inLog({ offset: 0, values: ["a"], lastOffset: 9 })])).toMatchObject({ nextOffset: 10n });
  expect(await read([inLog({ offset: 0, values: [], lastOffset: 9 })])).toMatchObject({
    ...{ isEmpty: true, nextOffset: 10n },
  });
});

test("a format from before Kafka 0.11 is named", async () => {
  const old = inLog({ offset: 7, values: ["a"] });
  old[HEAD_BYTES + 4] = 1;
  await expect(read([old])).rejects.toThrow("t/0: the batch at offset 7 is in a format from before Kafka 0.11");
});

test("what a damaged batch says of itself is not believed: it is left to who reads its records", async () => {
  const flipped = (change: (batch: Buffer) => void) => {
    const bytes = inLog({ offset: 1, values: ["b"], producerId: 1n });
    change(bytes.subarray(HEAD_BYTES));
    return fetchedRun(where, { records: bytes, abortedTransactions: [{ producerId: 1n, firstOffset: 0n }] }, 1n);
  };
  const damages: ((batch: Buffer) => void)[] = [
    // The end of a transaction.
    (batch) => batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | CONTROL, ATTRIBUTES_AT),
    // Of a transaction that was aborted.
    (batch) => batch.fill(0xff, batch.length - 1),
    // Nothing in it.
    (batch) => batch.writeInt32BE(0, RECORD_COUNT_AT),
    // Ends before it begins.
    (batch) => batch.writeInt32BE(-5, LAST_OFFSET_DELTA_AT),
  ];
  for (const damage of damages) {
    const { records, nextOffset } = await flipped(damage);
    expect(nextOffset).toBe(2n);
    expect(() => [...records.decode()]).toThrow(/^the record batch with offset 1 is damaged/);
  }
});
