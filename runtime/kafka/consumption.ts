import type { EachBatchPayload, Kafka as KafkaJs, KafkaMessage } from "kafkajs";
import { kafkaErrorType } from "./errors.ts";
import type { FetchedBatch } from "./fetcher.ts";
import type { CommitOffset } from "./idempotent-producer.ts";
import type {
  Batch,
  Consumption,
  FetchedRecords,
  Headers,
  IncomingRecord,
  RecordBatch,
  Subscription,
  TopicPartition,
} from "./kafka.ts";
import { byPartitionNumber } from "./partition-number-assigner.ts";
import { quit } from "./quit.ts";
import { recordsOf } from "./record-reader.ts";

/** A fetch that finds nothing returns after this long; a stop waits for it. */
const MAX_WAIT_MS = 500;

/**
 * The default of 30 s would leave a partition unread that long after a crash; brokers refuse less than 6 s
 * (`group.min.session.timeout.ms`).
 */
const SESSION_TIMEOUT_MS = 6000;

/** Partitions that are added to a topic are read this soon; by default it would be after 5 minutes. */
const METADATA_MAX_AGE_MS = 10_000;

/** Of a fetch, and of a partition: the largest batch that brokers take by default (`message.max.bytes`). */
const MAX_BYTES = 1024 * 1024 + 64;

/** How many is for the fetcher to say: more of kafkajs's workers than that, as one that just goes to rest can miss work. */
const WORKERS = 32;

/** `onCommitter` gets what commits a position of the group as this member of it. */
export async function consume(
  kafka: KafkaJs,
  subscription: Subscription,
  onCommitter: (commit: CommitOffset) => void,
): Promise<Consumption> {
  const { groupId, topics, onAssigned, onAlive } = subscription;
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: SESSION_TIMEOUT_MS / 4,
    rebalanceTimeout: 15_000,
    maxWaitTimeInMs: MAX_WAIT_MS,
    maxBytes: MAX_BYTES,
    maxBytesPerPartition: MAX_BYTES,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    partitionAssigners: [byPartitionNumber],
    // Starting anew is the caller's: kafkajs's own restart keeps what made it fail.
    retry: { restartOnFailure: async () => false },
  });
  const ended = new Promise<never>((_, reject) => {
    consumer.on("consumer.crash", ({ payload }) => reject(payload.error));
  });
  ended.catch(() => {}); // whoever awaits it later still sees the rejection
  const seek = (partition: TopicPartition, offset: bigint) => consumer.seek({ ...partition, offset: String(offset) });
  consumer.on("consumer.group_join", ({ payload }) => {
    const assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    onAssigned(assigned, seek);
  });
  onCommitter(({ partition, offset, note = null }) =>
    consumer.commitOffsets([{ ...partition, offset: String(offset), metadata: note }]),
  );
  consumer.on("consumer.fetch", onAlive);
  consumer.on("consumer.heartbeat", onAlive);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true }).catch((error) => {
      if (kafkaErrorType(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
      throw new Error(`${topics.join(" or ")}: the topic does not exist yet`, { cause: error });
    });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: WORKERS,
      eachBatch: (payload) => subscription.onBatch(batchOf(payload)),
    });
  } catch (error) {
    await quit(consumer);
    throw error;
  }
  return {
    ended,
    stop: () => quit(consumer),
  };
}

export function batchOf({ batch, resolveOffset, heartbeat, isStale, isRunning }: EachBatchPayload): Batch {
  const lastOffset = batch.lastOffset();
  const fetched = batch as unknown as FetchedBatch & { readonly fetchedOffset: string };
  const records = fetchedRecords(batch.messages, BigInt(fetched.fetchedOffset));
  let hasBeenDecoded = false;
  return {
    topic: batch.topic,
    partition: batch.partition,
    records: {
      ...records,
      decode: () => {
        hasBeenDecoded = true;
        return records.decode();
      },
    },
    nextOffset: BigInt(lastOffset) + 1n,
    isStale: () => isStale() || !isRunning(),
    done: () => {
      resolveOffset(lastOffset);
      // Decoded records are views of it, and who knows who still has one.
      fetched.isSpent = !hasBeenDecoded;
    },
    heartbeat,
  };
}

/** What kafkajs fetched from an offset on: whole batches (see the patch fetched-batches), or messages of older formats. */
export function fetchedRecords(messages: readonly Fetched[], fetchedOffset: bigint): FetchedRecords {
  const batches = messages.flatMap(({ batch }) => batch ?? []);
  const [first] = batches;
  const isWhole = batches.length === messages.length;
  return {
    firstOffset: first && first.baseOffset > fetchedOffset ? first.baseOffset : fetchedOffset,
    ...(isWhole && { batches }),
    decode: () =>
      isWhole
        ? recordsOf(batches, fetchedOffset)
        : messages.flatMap((each) => (each.batch ? recordsOf([each.batch], fetchedOffset) : [recordOf(each)])),
  };
}

type Fetched = KafkaMessage & { readonly batch?: RecordBatch };

function recordOf({ offset, timestamp, key, value, headers = {} }: KafkaMessage): IncomingRecord {
  return { offset: BigInt(offset), timestamp, key, value, headers: headersOf(headers) };
}

function headersOf(headers: NonNullable<KafkaMessage["headers"]>): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name,
      // kafkajs cannot write a null header, so it becomes an empty one here.
      [values].flat().map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(value ?? ""))),
    ]),
  );
}
