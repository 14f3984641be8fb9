import { expect, test } from "@jest/globals";
import { endOfBatches } from "../../../runtime/kafka/requests.ts";

/** The head of a record batch (format v2) with nothing in it, as compaction leaves them. */
function emptyBatch(baseOffset: bigint, lastOffsetDelta: number): Buffer {
  const batch = Buffer.alloc(61);
  batch.writeBigInt64BE(baseOffset, 0);
  batch.writeInt32BE(61 - 12, 8);
  batch.writeInt8(2, 16);
  batch.writeInt32BE(lastOffsetDelta, 23);
  return batch;
}

test("reading moves on past batches that compaction has emptied", () => {
  expect(endOfBatches(Buffer.concat([emptyBatch(10n, 4), emptyBatch(15n, 99)]))).toBe(115n);
});

test("a batch that was cut off by the size of the fetch does not count", () => {
  expect(endOfBatches(Buffer.concat([emptyBatch(10n, 4), emptyBatch(15n, 0).subarray(0, 60)]))).toBe(15n);
  expect(endOfBatches(emptyBatch(10n, 4).subarray(0, 30))).toBeUndefined();
  expect(endOfBatches(Buffer.alloc(0))).toBeUndefined();
});
