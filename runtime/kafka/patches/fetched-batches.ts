import type { Patch } from "./patch.ts";

/**
 * Two faults in one line. A batch of more than some 100,000 records (compressed ones hold millions) overflowed the stack,
 * for ever. And compaction, which may take the last records of a batch, or all, and keeps the batch, left the consumer
 * asking for the same offset again and again; a record that nobody sees now stands at the end of such a batch.
 */
export const fetchedBatches: Patch = {
  module: "src/protocol/requests/fetch/v4/decodeMessages.js",
  upstream: ["https://github.com/tulios/kafkajs/pull/1723", "https://github.com/tulios/kafkajs/issues/1072"],
  edits: [
    {
      find: "records.push(...recordBatch.records)",
      replace: `for (const record of recordBatch.records) records.push(record)
        const offset = String(BigInt(recordBatch.firstOffset) + BigInt(recordBatch.lastOffsetDelta))
        if (recordBatch.records.length === 0 || records[records.length - 1].offset !== offset) {
          records.push({ offset, key: null, value: null, isControlRecord: true, batchContext: recordBatch })
        }`,
    },
  ],
};
