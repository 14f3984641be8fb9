import type { KafkaMessage } from "kafkajs";
import type { ProtocolCall } from "kafkajs/src/cluster/index.js";
import Batch from "kafkajs/src/consumer/batch.js";
import Decoder from "kafkajs/src/protocol/decoder.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { createErrorFromCode, failure } from "kafkajs/src/protocol/error.js";
import Fetch from "kafkajs/src/protocol/requests/fetch/index.js";
import decodeMessages from "kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js";
import type { TopicPartition } from "./kafka.ts";

/**
 * OffsetFetch v7 with `require_stable` (KIP-447). kafkajs stops at v4, which answers with the last decided offset while
 * a transaction that commits a later one is being finished: a restarted service would process its records twice.
 */
export function stableOffsetFetch(groupId: string, { topic, partition }: TopicPartition): ProtocolCall<bigint> {
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
        if (!found) throw new Error(`the coordinator of ${groupId} said nothing of ${topic}/${partition}`);
        throwOnFailure(found.errorCode);
        return found.offset;
      },
      parse: async (offset) => offset,
    },
  };
}

function readTopicOffsets(decoder: Decoder) {
  decoder.readUVarIntString();
  const partitions = decoder.readUVarIntArray((each) => {
    each.readInt32(); // partition
    const offset = BigInt(each.readInt64().toString());
    each.readInt32(); // leader epoch
    each.readUVarIntString(); // metadata
    const errorCode = each.readInt16();
    each.readTaggedFields();
    return { offset, errorCode };
  });
  decoder.readTaggedFields();
  return partitions;
}

export interface FetchedPartition {
  readonly messages: readonly KafkaMessage[];
  readonly highWatermark: bigint;
  /** Where to fetch next. */
  readonly nextOffset: bigint;
}

/**
 * Fetch v11 of one partition, read committed. Unlike kafkajs's own it tells where the fetched batches end even when
 * compaction has emptied them, so that reading a changelog always moves on.
 */
export function committedFetch({ topic, partition }: TopicPartition, offset: bigint): ProtocolCall<FetchedPartition> {
  const { request } = Fetch.protocol({ version: 11 })({
    maxWaitTime: 20,
    minBytes: 1,
    maxBytes: 4 * 1024 * 1024,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: 4 * 1024 * 1024 }] }],
  });
  return {
    request,
    response: {
      decode: async (payload) => {
        const decoder = new Decoder(payload);
        decoder.readInt32(); // throttle time
        throwOnFailure(decoder.readInt16());
        decoder.readInt32(); // session
        decoder.readInt32(); // number of topics: one
        decoder.readString();
        decoder.readInt32(); // number of partitions: one
        decoder.readInt32(); // partition
        throwOnFailure(decoder.readInt16());
        const highWatermark = decoder.readInt64().toString();
        decoder.readInt64(); // last stable offset
        decoder.readInt64(); // log start offset
        const abortedTransactions = decoder.readArray((each) => ({
          producerId: each.readInt64().toString(),
          firstOffset: each.readInt64().toString(),
        }));
        decoder.readInt32(); // preferred read replica
        const nextOffset = endOfBatches(decoder.buffer.subarray(decoder.offset + 4)) ?? offset;
        const messages = await decodeMessages(decoder);
        const batch = new Batch(topic, String(offset), { partition, highWatermark, abortedTransactions, messages });
        return { messages: batch.messages, highWatermark: BigInt(highWatermark), nextOffset };
      },
      parse: async (fetched) => fetched,
    },
  };
}

/** The offset after the last complete record batch (format v2: base offset, length, ..., last offset delta at 23). */
export function endOfBatches(batches: Buffer): bigint | undefined {
  let end: bigint | undefined;
  for (let start = 0; start + 27 <= batches.length; ) {
    const next = start + 12 + batches.readInt32BE(start + 8);
    if (next > batches.length) break;
    end = batches.readBigInt64BE(start) + BigInt(batches.readInt32BE(start + 23)) + 1n;
    start = next;
  }
  return end;
}

function throwOnFailure(code: number): void {
  if (failure(code)) throw createErrorFromCode(code);
}
