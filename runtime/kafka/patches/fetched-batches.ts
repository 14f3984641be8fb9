import type { Patch } from "./patch.ts";

/**
 * A batch that was fetched (format v2) goes through kafkajs as one: `record-reader.ts` decodes its records, and checks their
 * checksum, which kafkajs does not. It stands at its last offset, so that kafkajs asks for the next one also when
 * compaction has taken the batch's last records, or all of them.
 */
export const fetchedBatches: Patch = {
  module: "src/protocol/recordBatch/v0/decoder.js",
  upstream: [
    "https://github.com/tulios/kafkajs/issues/17",
    "https://github.com/tulios/kafkajs/issues/1072",
    "https://github.com/tulios/kafkajs/pull/1723",
  ],
  edits: [
    {
      find: "const records = await decodeRecords(codec, decoder, { ...recordContext, magicByte })",
      replace: `const batch = { baseOffset: BigInt(firstOffset), bytes: decoder.buffer }
  const unit = { offset: String(batch.baseOffset + BigInt(lastOffsetDelta)), isControlRecord: isControlBatch, batchContext: recordContext }
  if (isControlBatch) {
    const [marker] = await decodeRecords(codec, decoder, { ...recordContext, magicByte })
    unit.key = marker && marker.key
  } else {
    unit.batch = batch
    if (codec && decoder.readInt32() > 0) batch.decompressed = await codec.decompress(decoder.readAll())
  }
  const records = [unit]`,
    },
  ],
};

/**
 * Of several transactions that were aborted and overlap, at most one was taken note of with each message, of which there is
 * now one a batch.
 */
export const abortedTransactions: Patch = {
  module: "src/consumer/filterAbortedMessages.js",
  upstream: ["https://github.com/tulios/kafkajs/pull/223"],
  edits: [
    {
      find: "    if (\n      remainingAbortedTransactions.length &&",
      replace: "    while (\n      remainingAbortedTransactions.length &&",
    },
  ],
};
