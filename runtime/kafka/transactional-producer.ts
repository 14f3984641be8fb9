import { type Kafka as KafkaJs, type Message, type PartitionerArgs, Partitioners, type Producer } from "kafkajs";
import { FencedError, isFencing, kafkaErrorType } from "./errors.ts";
import type { OutgoingRecord, RecordProducer, RecordProducerOptions, Transaction, Written } from "./kafka.ts";
import { quit } from "./quit.ts";
import type { EncodedRecords } from "./record-writer.ts";
import { sizeOf } from "./size-of.ts";

/**
 * kafkajs puts all records of one send to a partition into one record batch, and a broker refuses batches over 1 MiB
 * (`message.max.bytes`), so a large transaction is sent in pieces well below it.
 */
const MAX_SEND_BYTES = 512 * 1024;

/** How long the open transaction of a service that died keeps readers waiting, unless it is started again before. */
const TRANSACTION_TIMEOUT_MS = 30_000;

/**
 * kafkajs waits 300 ms before it retries, and ever longer. The common case is a transaction that follows another at once,
 * which the coordinator takes a few milliseconds later. All retries together last some 10 s.
 */
export const RETRY = { initialRetryTime: 10, multiplier: 1.3, maxRetryTime: 200, retries: 60 };

export async function openTransactionalProducer(
  kafka: KafkaJs,
  options: RecordProducerOptions,
): Promise<RecordProducer> {
  const { transactionalId } = options;
  const partitionsOf = new Map<string, number>();
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    maxInFlightRequests: 1,
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
  { records, encoded, changelog, consumed }: Transaction,
  copartitioned: readonly string[],
): Promise<Written> {
  const transaction = await producer.transaction();
  const written = await sendAll(transaction, [...records, ...changelog], encoded, copartitioned);
  if (consumed) {
    const { topic, partition } = consumed.partition;
    const offsets = { topic, partitions: [{ partition, offset: String(consumed.offset) }] };
    await whileConcurrent(() => transaction.sendOffsets({ consumerGroupId: consumed.groupId, topics: [offsets] }));
  }
  await transaction.commit();
  return written;
}

/** Sends piece after piece, each once the one before is acknowledged. */
export async function sendAll(
  sender: Pick<Producer, "sendBatch">,
  records: readonly OutgoingRecord[],
  encoded: Transaction["encoded"],
  copartitioned: readonly string[],
): Promise<Written> {
  const written = new Map<string, bigint>();
  for (const piece of sends(records, encoded)) {
    const sent = await sender.sendBatch({ topicMessages: piece }).catch((error) => {
      if (kafkaErrorType(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
      throw new Error(`${piece.map(({ topic }) => topic).join(" or ")}: there is no such topic (yet)`, {
        cause: error,
      });
    });
    for (const { topicName, baseOffset } of sent) {
      // Without an offset (-1) a topic keeps the one of the piece, or transaction, before: behind, which does no harm.
      if (!copartitioned.includes(topicName) || Number(baseOffset ?? -1) < 0) continue;
      const count = piece.find(({ topic }) => topic === topicName)?.messages.length ?? 0;
      written.set(topicName, BigInt(baseOffset ?? 0) + BigInt(count));
    }
  }
  return written;
}

/** The coordinator may still be writing the markers of the transaction before; kafkajs retries this for sends only. */
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

/** What is encoded goes along with the pieces of the rest: it is for another topic. */
function sends(records: readonly OutgoingRecord[], encoded: Transaction["encoded"]): TopicMessages[][] {
  const all = pieces(records);
  encoded?.sends.forEach((each, i) => {
    all[i] ??= [];
    all[i].push({ topic: encoded.topic, messages: [{ key: null, value: "", encoded: each } as Message] });
  });
  return all;
}

type TopicMessages = { topic: string; messages: Message[] };

/** Splits records into sends of bounded size, keeping their order within each topic. */
export function pieces(records: readonly OutgoingRecord[]): TopicMessages[][] {
  const all: TopicMessages[][] = [];
  let piece = new Map<string, Message[]>();
  let bytes = 0;
  const finishPiece = () => {
    if (piece.size > 0) all.push(Array.from(piece, ([topic, messages]) => ({ topic, messages })));
    piece = new Map();
    bytes = 0;
  };
  for (const record of records) {
    const size = sizeOf(record);
    if (bytes + size > MAX_SEND_BYTES) finishPiece();
    bytes += size;
    const messages = piece.get(record.topic);
    if (messages) messages.push(messageOf(record));
    else piece.set(record.topic, [messageOf(record)]);
  }
  finishPiece();
  return all;
}

function messageOf({ key, value, headers, timestamp, partition }: OutgoingRecord): Message {
  return {
    key,
    value,
    ...(partition !== undefined && { partition }),
    ...(headers && { headers: headers as Record<string, Buffer[]> }),
    ...(timestamp !== undefined && { timestamp }),
  };
}

/** Records with a key go where Kafka's own clients put them; those without follow the input partition. */
export function partitioner({ partition, copartitioned }: RecordProducerOptions, partitionsOf: Map<string, number>) {
  const byKey = Partitioners.DefaultPartitioner();
  return (args: PartitionerArgs): number => {
    const unkeyed = args.message.key === null || args.message.key === undefined;
    const count = args.partitionMetadata.length;
    partitionsOf.set(args.topic, count);
    const { encoded } = args.message as { encoded?: EncodedRecords };
    if (encoded?.keyed && count > 1) throw new Error(`${args.topic} has grown to ${count} partitions`);
    if (args.message.partition !== undefined) return args.message.partition;
    if (!copartitioned.includes(args.topic)) return unkeyed ? partition % count : byKey(args);
    // kafkajs drops, without a word, what is sent to a partition that is not there.
    if (partition >= count)
      throw new Error(`${args.topic} has ${count} partitions and needs one of number ${partition}`);
    return partition;
  };
}
