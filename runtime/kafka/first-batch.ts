import type { ProtocolCall } from "kafkajs/src/cluster/index.js";
import Decoder from "kafkajs/src/protocol/decoder.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { createErrorFromCode, failure } from "kafkajs/src/protocol/error.js";
import { LAST_OFFSET_DELTA_AT, MAGIC_AT } from "./batch-layout.ts";
import type { RecordBatch, TopicPartition } from "./kafka.ts";

const READ_COMMITTED = 1;
/** Base offset and length, which come before the rest of a batch. */
const PREFIX_BYTES = 12;
/** Of a batch without records, which is all header. */
const MIN_BATCH_BYTES = 61;

/** A batch as a broker has it, decoded no further. */
export interface FoundBatch extends RecordBatch {
  /** As it says itself. */
  readonly lastOffset: bigint;
  /** Where the next one begins, if that was fetched too. */
  readonly nextOffset: bigint | undefined;
}

/**
 * The batch that an offset is in; undefined when there is none. Compaction may leave a batch without any of its records, of
 * which kafkajs, as it comes, tells nothing: reading would never get past it. Fetch v4.
 * @param maxBytes the first batch comes whole all the same (KIP-74)
 */
export function firstBatch(
  { topic, partition }: TopicPartition,
  offset: bigint,
  maxBytes = 1,
): ProtocolCall<FoundBatch | undefined> {
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
          .writeInt32(maxBytes)
          .writeInt8(READ_COMMITTED)
          .writeArray([
            new Encoder()
              .writeString(topic)
              .writeArray([new Encoder().writeInt32(partition).writeInt64(String(offset)).writeInt32(maxBytes)]),
          ]),
    },
    response: {
      decode: async (payload) => {
        const decoder = new Decoder(payload);
        decoder.readInt32(); // throttle time
        return decoder.readArray(readTopic)[0]?.[0];
      },
      parse: async (batch) => batch,
    },
  };
}

function readTopic(decoder: Decoder): (FoundBatch | undefined)[] {
  decoder.readString();
  return decoder.readArray(readPartition);
}

function readPartition(decoder: Decoder): FoundBatch | undefined {
  decoder.readInt32(); // partition
  const errorCode = decoder.readInt16();
  if (failure(errorCode)) throw createErrorFromCode(errorCode);
  decoder.readInt64(); // high watermark
  decoder.readInt64(); // last stable offset
  decoder.readArray(skipAborted);
  return firstOf(decoder.readBytes() ?? Buffer.alloc(0));
}

function firstOf(records: Buffer): FoundBatch | undefined {
  if (records.length < MIN_BATCH_BYTES || records.readInt8(PREFIX_BYTES + MAGIC_AT) !== 2) return undefined;
  const baseOffset = records.readBigInt64BE(0);
  const end = PREFIX_BYTES + records.readInt32BE(8);
  const bytes = records.subarray(PREFIX_BYTES, end);
  const lastOffset = baseOffset + BigInt(bytes.readInt32BE(LAST_OFFSET_DELTA_AT));
  const next = records.subarray(end);
  return { baseOffset, bytes, lastOffset, nextOffset: next.length < 8 ? undefined : next.readBigInt64BE(0) };
}

function skipAborted(decoder: Decoder): void {
  decoder.readInt64(); // producer id
  decoder.readInt64(); // first offset
}
