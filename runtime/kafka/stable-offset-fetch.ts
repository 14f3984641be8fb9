import type { ProtocolCall } from "kafkajs/src/cluster/index.js";
import Decoder from "kafkajs/src/protocol/decoder.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { createErrorFromCode, failure } from "kafkajs/src/protocol/error.js";
import type { Committed, TopicPartition } from "./kafka.ts";

/**
 * OffsetFetch v7 with `require_stable` (KIP-447). kafkajs stops at v4, which answers with the last decided offset while
 * a transaction that commits a later one is being finished: a restarted service would process its records twice.
 */
export function stableOffsetFetch(groupId: string, { topic, partition }: TopicPartition): ProtocolCall<Committed> {
  return {
    request: {
      apiKey: 9,
      apiVersion: 7,
      apiName: "OffsetFetch",
      encode: async () =>
        new Encoder()
          .writeUVarIntBytes() // tagged fields of the header
          .writeUVarIntString(groupId)
          .writeUVarIntArray([
            new Encoder()
              .writeUVarIntString(topic)
              .writeUVarIntArray([new Encoder().writeInt32(partition)])
              .writeUVarIntBytes(),
          ])
          .writeBoolean(true)
          .writeUVarIntBytes(),
    },
    response: {
      decode: async (payload) => {
        const decoder = new Decoder(payload);
        decoder.readTaggedFields();
        decoder.readInt32(); // throttle time
        const topics = decoder.readUVarIntArray(readTopicOffsets);
        throwOnFailure(decoder.readInt16());
        const found = topics[0]?.[0];
        if (!found)
          throw new Error(`${topic}/${partition}: the answer of ${groupId}'s coordinator lacks this partition`);
        throwOnFailure(found.errorCode);
        return { offset: found.offset, ...(found.note && { note: found.note }) };
      },
      parse: async (committed) => committed,
    },
  };
}

function readTopicOffsets(decoder: Decoder) {
  decoder.readUVarIntString();
  const partitions = decoder.readUVarIntArray((each) => {
    each.readInt32(); // partition
    const offset = BigInt(each.readInt64().toString());
    each.readInt32(); // leader epoch
    const note = each.readUVarIntString(); // metadata
    const errorCode = each.readInt16();
    each.readTaggedFields();
    return { offset, note, errorCode };
  });
  decoder.readTaggedFields();
  return partitions;
}

function throwOnFailure(code: number): void {
  if (failure(code)) throw createErrorFromCode(code);
}
