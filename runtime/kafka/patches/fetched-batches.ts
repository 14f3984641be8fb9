import type { Patch } from "./patch.ts";

/**
 * A batch that was fetched (format v2) goes through kafkajs as one: `record-reader.ts` decompresses it, decodes its records, and
 * checks their checksum, which kafkajs does not. It stands at its last offset, so that kafkajs asks for the next one also
 * when compaction has taken the batch's last records, or all of them.
 *
 * What a damaged batch says of itself may be wrong. One that says that it is the end of a transaction would be passed over, as
 * would one whose last offset is before those that were asked for: they are left to the reader too, who refuses them.
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
      find: "const codec = lookupCodecByAttributes(attributes)\n",
      replace: "",
    },
    {
      find: "const Decoder = require('../../decoder')\n",
      replace: "const Decoder = require('../../decoder')\nconst crc32C = require('../crc32C')\n",
    },
    {
      find: "const records = await decodeRecords(codec, decoder, { ...recordContext, magicByte })",
      replace: `const batch = { baseOffset: BigInt(firstOffset), bytes: decoder.buffer }
  const isPlausible = lastOffsetDelta >= 0 && lastOffsetDelta >= decoder.slice(4).readInt32() - 1
  const offset = isPlausible ? batch.baseOffset + BigInt(lastOffsetDelta) : 2n ** 62n
  const unit = { offset: String(offset), isControlRecord: false, batchContext: recordContext }
  if (isControlBatch && isPlausible && crc32C(batch.bytes.slice(9)) === crc >>> 0) {
    unit.isControlRecord = true
    const [marker] = await decodeRecords(undefined, decoder, { ...recordContext, magicByte })
    unit.key = marker && marker.key
  } else {
    unit.batch = batch
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
