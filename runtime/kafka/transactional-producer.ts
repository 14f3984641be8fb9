import type { Kafka as KafkaJs, Transaction as KafkaTransaction, Producer } from "kafkajs";
import { FencedError, isFencing, kafkaErrorType } from "./errors.ts";
import type { Consumed, RecordProducer, RecordProducerOptions, Transaction, Written } from "./kafka.ts";
import { partitioner } from "./partitioner.ts";
import { quit } from "./quit.ts";
import { RefusedRecordsError } from "./refused-records.ts";
import { sendAll } from "./send-all.ts";

/** How long the open transaction of a service that died keeps readers waiting, unless it is started again before. */
const TRANSACTION_TIMEOUT_MS = 30_000;

/**
 * kafkajs waits 300 ms before it retries, and ever longer. The common case is a transaction that follows another at once,
 * which the coordinator takes a few milliseconds later. All retries together last some 10 s.
 */
export const RETRY = { initialRetryTime: 2, multiplier: 1.3, maxRetryTime: 200, retries: 65 };

export async function openTransactionalProducer(
  kafka: KafkaJs,
  options: RecordProducerOptions,
): Promise<RecordProducer> {
  const { transactionalId } = options;
  const partitionsOf = new Map<string, number>();
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    maxInFlightRequests: 5,
    allowAutoTopicCreation: false,
    createPartitioner: () => partitioner(options, partitionsOf),
    retry: RETRY,
  });
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    const start = Date.now();
    try {
      return await work();
    } catch (error) {
      // A process that was frozen for long is not told apart from one that was replaced, but its clock knows.
      const timedOut = Date.now() - start > TRANSACTION_TIMEOUT_MS;
      throw isFencing(error) && !timedOut ? new FencedError(transactionalId, error) : error;
    }
  };
  try {
    await producer.connect();
    // kafkajs claims the id with the first transaction; claiming it now fences a former holder before state is read.
    await guarded(async () => (await producer.transaction()).abort());
  } catch (error) {
    await quit(producer);
    throw error;
  }
  return {
    partitionsOf: (topic) => partitionsOf.get(topic),
    transact: (transaction) => guarded(() => transact(producer, transaction, options.copartitioned)),
    close: () => quit(producer),
  };
}

async function transact(
  producer: Producer,
  { records, encoded, changelog, maxRecordBytes, consumed = [] }: Transaction,
  copartitioned: readonly string[],
): Promise<Written> {
  const transaction = await producer.transaction();
  const sent = sendAll(transaction, [...records, ...changelog], { encoded, maxRecordBytes }, copartitioned);
  const moved = sendOffsets(transaction, consumed);
  // Beside one another, as each answer has to wait for its turn in this process. When one fails, nothing of the other is
  // underway any more once the caller knows.
  const [sending, moving] = await Promise.allSettled([sent, moved]);
  const isRefused = sending.status === "rejected" && sending.reason instanceof RefusedRecordsError;
  if (isRefused && moving.status === "fulfilled") await transaction.abort();
  const written = await sent;
  await moved;
  await transaction.commit();
  return written;
}

async function sendOffsets(transaction: KafkaTransaction, consumed: readonly Consumed[]): Promise<void> {
  for (const { groupId, partition: source, offset, note } of consumed) {
    const { topic, partition } = source;
    const offsets = { topic, partitions: [{ partition, offset: String(offset), metadata: note ?? null }] };
    await whileConcurrent(() => transaction.sendOffsets({ consumerGroupId: groupId, topics: [offsets] }));
  }
}

/**
 * The coordinator may still be writing the markers of the transaction before. Commands have kafkajs as it comes, which retries
 * this for sends only; in a service's bundle the patch `knownCoordinators` has waited already.
 */
async function whileConcurrent<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (kafkaErrorType(error) !== "CONCURRENT_TRANSACTIONS" || attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5 * Math.min(attempt, 10)));
    }
  }
}
