import type { Kafka as KafkaJs } from "kafkajs";
import type { Consumed, RecordProducer, RecordProducerOptions } from "./kafka.ts";
import { partitioner } from "./partitioner.ts";
import { quit } from "./quit.ts";
import { sendAll } from "./send-all.ts";
import { RETRY } from "./transactional-producer.ts";

/** Commits a position as a member of its group. */
export type CommitOffset = (consumed: Consumed) => Promise<void>;

/**
 * A producer for at-least-once: no record is lost, in its order and without repeats of its own (KIP-98, idempotence), but what
 * follows the last commit is processed again after a failure. Nobody is fenced.
 */
export async function openIdempotentProducer(
  kafka: KafkaJs,
  options: RecordProducerOptions,
  commitOffset: CommitOffset,
): Promise<RecordProducer> {
  const partitionsOf = new Map<string, number>();
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: () => partitioner(options, partitionsOf),
    retry: RETRY,
  });
  try {
    await producer.connect();
  } catch (error) {
    await quit(producer);
    throw error;
  }
  return {
    partitionsOf: (topic) => partitionsOf.get(topic),
    // One after the other: a position that is kept without what led to it would lose records.
    transact: async ({ records, encoded, changelog, maxRecordBytes, consumed = [] }) => {
      await sendAll(producer, records, { encoded, maxRecordBytes }, []);
      const written = await sendAll(producer, changelog, { maxRecordBytes }, options.copartitioned);
      for (const each of consumed) await commitOffset(each);
      return written;
    },
    close: () => quit(producer),
  };
}
