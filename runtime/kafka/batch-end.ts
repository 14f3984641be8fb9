import type { ProtocolCall } from "kafkajs/src/cluster/index.js";
import Decoder from "kafkajs/src/protocol/decoder.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { createErrorFromCode, failure } from "kafkajs/src/protocol/error.js";
import type { TopicPartition } from "./kafka.ts";

const READ_COMMITTED = 1;
/** The first batch comes whole all the same (KIP-74). */
const MAX_BYTES = 1;
/** Of a batch without records, which is all header. */
const MIN_BATCH_BYTES = 61;

/**
 * The offset behind the batch that an offset is in; undefined when there is none. Compaction may leave a batch without any of its
 * records, of which kafkajs, as it comes, tells nothing: reading would never get past it. Fetch v4.
 */
export function batchEnd({ topic, partition }: TopicPartition, offset: bigint): ProtocolCall<bigint | undefined> {
  return {
    request: {
      apiKey: 1,
      apiVersion: 4,
      apiName: "Fetch",
      encode: async () =>
        new Encoder()
          .writeInt32(-1) // no replica
          .writeInt32(0) // waits for nothing
          .writeInt32(0)
          .writeInt32(MAX_BYTES)
          .writeInt8(READ_COMMITTED)
          .writeArray([
            new Encoder()
              .writeString(topic)
              .writeArray([new Encoder().writeInt32(partition).writeInt64(String(offset)).writeInt32(MAX_BYTES)]),
          ]),
    },
    response: {
      decode: async (payload) => {
        const decoder = new Decoder(payload);
        decoder.readInt32(); // throttle time
        return decoder.readArray(readTopic)[0]?.[0];
      },
      parse: async (end) => end,
    },
  };
}

function readTopic(decoder: Decoder): (bigint | undefined)[] {
  decoder.readString();
  return decoder.readArray(readPartition);
}

function readPartition(decoder: Decoder): bigint | undefined {
  decoder.readInt32(); // partition
  const errorCode = decoder.readInt16();
  if (failure(errorCode)) throw createErrorFromCode(errorCode);
  decoder.readInt64(); // high watermark
  decoder.readInt64(); // last stable offset
  decoder.readArray(skipAborted);
  if (decoder.readInt32() < MIN_BATCH_BYTES) return undefined;
  const baseOffset = BigInt(decoder.readInt64().toString());
  decoder.readInt32(); // length
  decoder.readInt32(); // leader epoch
  if (decoder.readInt8() !== 2) return undefined; // formats without batches
  decoder.readInt32(); // checksum
  decoder.readInt16(); // attributes
  return baseOffset + BigInt(decoder.readInt32()) + 1n;
}

function skipAborted(decoder: Decoder): void {
  decoder.readInt64(); // producer id
  decoder.readInt64(); // first offset
}
