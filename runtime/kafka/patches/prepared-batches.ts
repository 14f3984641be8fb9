import type { Patch } from "./patch.ts";

/** A message may stand for a whole batch that is encoded already (`record-writer.ts`); it goes to its partition alone. */
export const preparedBatches: Patch = {
  module: "src/protocol/requests/produce/v3/request.js",
  upstream: [], // not a fault, but what the fast path needs
  edits: [
    {
      find: "  const dateNow = Date.now()",
      replace: `  const [{ encoded }] = messages
  if (encoded) {
    const batch = encoded.encode({ transactional: !!transactionalId, producerId, producerEpoch, firstSequence })
    return new Encoder().writeInt32(partition).writeInt32(batch.length).writeBuffer(batch)
  }
  const dateNow = Date.now()`,
    },
  ],
};

/** The broker counts records, of which such a message has many; and it counts from 0 again after 2^31 - 1. */
export const sequenceNumbers: Patch = {
  module: "src/producer/eosManager/index.js",
  upstream: ["https://github.com/tulios/kafkajs/issues/1790", "https://github.com/tulios/kafkajs/pull/1787"],
  edits: [
    {
      find: "if (sequence >= INT_32_MAX_VALUE) {",
      replace: "if (sequence < 0) sequence += INT_32_MAX_VALUE + 1\n        if (sequence > INT_32_MAX_VALUE) {",
    },
    { find: "          sequence = 0\n", replace: "          sequence -= INT_32_MAX_VALUE + 1\n" },
  ],
};
