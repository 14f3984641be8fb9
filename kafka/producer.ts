import { askCoordinator, coordinatorOf } from "./asking.ts";
import { type Batch, batchesOf, type PartitionBatches } from "./batches.ts";
import { type CoordinatorKey, type ProducerCluster, patiently, type Requests } from "./cluster.ts";
import { FencedError, isFencing } from "./errors.ts";
import type { Consumed, Position, RecordProducer, RecordProducerOptions, Transaction, Written } from "./kafka.ts";
import { partitionFor } from "./partitioner.ts";
import { errorType, KafkaError, requireNoError } from "./protocol/error-codes.ts";
import {
  type Api,
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  NO_EPOCH,
  produce,
  txnOffsetCommit,
} from "./protocol/messages.ts";
import { isRefusal, type Refusal, RefusedRecordsError, refusedRecords } from "./refused-records.ts";

/** How long the open transaction of a service that died keeps readers waiting, unless it is started again before. */
const TRANSACTION_TIMEOUT_MS = 30_000;
/** Long enough for a partition or a coordinator to move to another broker. */
const PATIENCE = { limitMs: 10_000 };
/** A broker may take this long until its replicas have what it was sent. */
const PRODUCE_TIMEOUT_MS = 8_000;
const ALL_IN_SYNC = -1;
const NO_PRODUCER = -1n;
/** Sequence numbers go from 0 to 2^31 - 1, and then from 0 again. */
const SEQUENCE_MASK = 0x7fffffff;

/** Commits a position as a member of its group. */
export type CommitOffset = (consumed: Consumed) => Promise<void>;

interface ProducerId {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Claims a transactional id: a former holder is fenced, and the transaction that it left open is finished. */
export async function openTransactionalProducer(
  cluster: ProducerCluster,
  options: RecordProducerOptions,
): Promise<RecordProducer> {
  const { transactionalId } = options;
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
  const coordinator = new TransactionCoordinator(cluster, transactionalId);
  const id = await guarded(() => coordinator.claim());
  const sender = new Sender(cluster, options, id, transactionalId);
  return {
    partitionsOf: (topic) => sender.partitionsOf(topic),
    transact: (transaction) => guarded(() => transact(sender, coordinator, id, transaction)),
  };
}

async function transact(
  sender: Sender,
  coordinator: TransactionCoordinator,
  id: ProducerId,
  transaction: Transaction,
): Promise<Written> {
  const { consumed = [] } = transaction;
  const sends = await sender.prepare(transaction);
  if (sends.length === 0 && consumed.length === 0) return new Map();
  const groups = [...new Set(consumed.map(({ groupId }) => groupId))];
  // Beside one another. When one fails, nothing of the others is underway any more once the caller knows.
  await all([coordinator.addPartitions(id, sends), ...groups.map((group) => coordinator.addOffsets(id, group))]);
  const sent = sender.send(sends);
  try {
    await all([sent, ...groups.map((group) => coordinator.commitOffsets(id, group, consumed))]);
  } catch (error) {
    // The producer is as good as before; after any other error nobody knows what took effect.
    if (error instanceof RefusedRecordsError) await coordinator.end(id, "abort");
    throw error;
  }
  await coordinator.end(id, "commit");
  return sent;
}

/**
 * A producer for at-least-once: no record is lost, in its order and without repeats of its own (KIP-98, idempotence), but what
 * follows the last commit is processed again after a failure. Nobody is fenced.
 */
export async function openIdempotentProducer(
  cluster: ProducerCluster,
  options: RecordProducerOptions,
  commitOffset: CommitOffset,
): Promise<RecordProducer> {
  const id = await patiently(PATIENCE, async () => {
    const answer = await (await cluster.any()).request(initProducerId, initialRequest(null));
    requireNoError(answer.errorCode, "an id for the producer");
    return answer;
  });
  const sender = new Sender(cluster, options, id, null);
  return {
    partitionsOf: (topic) => sender.partitionsOf(topic),
    // One after the other: a position that is kept without what led to it would lose records.
    transact: async ({ records, encoded, changelog, maxRecordBytes = new Map(), consumed = [] }) => {
      const outputs = { records, changelog: [], ...(encoded && { encoded }), maxRecordBytes };
      await sender.send(await sender.prepare(outputs));
      const written = await sender.send(await sender.prepare({ records: [], changelog, maxRecordBytes }));
      for (const each of consumed) await commitOffset(each);
      return written;
    },
  };
}

/** What the coordinator of a transactional id is asked. */
class TransactionCoordinator {
  readonly #cluster: ProducerCluster;
  readonly #transactionalId: string;
  readonly #key: CoordinatorKey;

  constructor(cluster: ProducerCluster, transactionalId: string) {
    this.#cluster = cluster;
    this.#transactionalId = transactionalId;
    this.#key = { type: "transaction", id: transactionalId };
  }

  claim(): Promise<ProducerId> {
    return this.#ask(this.#key, initProducerId, initialRequest(this.#transactionalId), ({ errorCode }) =>
      requireNoError(errorCode, this.#transactionalId),
    );
  }

  async addPartitions(id: ProducerId, sends: readonly PartitionBatches[]): Promise<void> {
    if (sends.length === 0) return;
    const topics = [...Map.groupBy(sends, ({ topic }) => topic)].map(([name, its]) => ({
      name,
      partitions: its.map(({ partition }) => partition),
    }));
    await this.#ask(this.#key, addPartitionsToTxn, { ...this.#whose(id), topics }, ({ resultsByTopic }) => {
      const results = resultsByTopic.flatMap(({ name, resultsByPartition }) =>
        resultsByPartition.map((each) => ({ name, ...each })),
      );
      // Of those not attempted another one tells why.
      results.sort((a, b) => Number(isNotAttempted(a)) - Number(isNotAttempted(b)));
      for (const { name, partitionErrorCode } of results) requireNoError(partitionErrorCode, name);
    });
  }

  async addOffsets(id: ProducerId, groupId: string): Promise<void> {
    await this.#ask(this.#key, addOffsetsToTxn, { ...this.#whose(id), groupId }, ({ errorCode }) =>
      requireNoError(errorCode, groupId),
    );
  }

  /** To the coordinator of the group. */
  async commitOffsets(id: ProducerId, groupId: string, consumed: readonly Consumed[]): Promise<void> {
    const its = consumed.filter((each) => each.groupId === groupId);
    const request = { ...this.#whose(id), groupId, ...NO_MEMBER, topics: offsetsByTopic(its) };
    await this.#ask(coordinatorOf(groupId), txnOffsetCommit, request, ({ topics }) => {
      for (const { name, partitions } of topics) {
        for (const { errorCode } of partitions) requireNoError(errorCode, `${groupId}: its offset in ${name}`);
      }
    });
  }

  async end(id: ProducerId, how: "commit" | "abort"): Promise<void> {
    await this.#ask(this.#key, endTxn, { ...this.#whose(id), committed: how === "commit" }, ({ errorCode }) =>
      requireNoError(errorCode, this.#transactionalId),
    );
  }

  #whose({ producerId, producerEpoch }: ProducerId) {
    return { transactionalId: this.#transactionalId, producerId, producerEpoch };
  }

  #ask<Request, Response>(
    key: CoordinatorKey,
    api: Api<Request, Response>,
    request: Request,
    check: (response: Response) => void,
  ): Promise<Response> {
    const ask = async (coordinator: Requests) => {
      const response = await coordinator.request(api, request);
      check(response);
      return response;
    };
    return askCoordinator(this.#cluster, key, ask, PATIENCE);
  }
}

/** Sends batches to the leaders of their partitions, each once, in order. */
class Sender {
  readonly #cluster: ProducerCluster;
  readonly #options: RecordProducerOptions;
  readonly #id: ProducerId;
  readonly #transactionalId: string | null;
  readonly #partitionCounts = new Map<string, number>();
  /** By partition, the sequence number of its next record. */
  readonly #sequences = new Map<string, number>();

  constructor(
    cluster: ProducerCluster,
    options: RecordProducerOptions,
    id: ProducerId,
    transactionalId: string | null,
  ) {
    this.#cluster = cluster;
    this.#options = options;
    this.#id = id;
    this.#transactionalId = transactionalId;
  }

  partitionsOf(topic: string): number | undefined {
    return this.#partitionCounts.get(topic);
  }

  /** Everything that a transaction writes, by partition. */
  async prepare({ records, encoded, changelog, maxRecordBytes }: Transaction): Promise<PartitionBatches[]> {
    const all = changelog.length === 0 ? records : [...records, ...changelog];
    const topics = new Set(all.map(({ topic }) => topic));
    if (encoded !== undefined && encoded.sends.length > 0) topics.add(encoded.topic);
    for (const topic of topics) {
      const { leaders } = await patiently(PATIENCE, () => this.#cluster.topic(topic));
      this.#partitionCounts.set(topic, leaders.length);
    }
    const countOf = (topic: string) => this.#partitionCounts.get(topic) as number;
    const partitionOf = (record: (typeof all)[number]) => partitionFor(record, countOf(record.topic), this.#options);
    const sends = batchesOf(all, partitionOf, maxRecordBytes);
    return encoded === undefined || encoded.sends.length === 0
      ? sends
      : [...sends, this.#encodedBatches(encoded, countOf(encoded.topic))];
  }

  #encodedBatches({ topic, sends }: NonNullable<Transaction["encoded"]>, count: number): PartitionBatches {
    if (count > 1 && sends.some(({ keyed }) => keyed)) throw new Error(`${topic} has grown to ${count} partitions`);
    const batches = sends.map((encoded) => ({ encoded, records: undefined }));
    return { topic, partition: this.#options.partition % count, batches };
  }

  /** Sends the first batch of every partition, then the second, and so on: a request has one of each at most. */
  async send(sends: readonly PartitionBatches[]): Promise<Written> {
    const written = new Map<string, Position>();
    const rounds = Math.max(0, ...sends.map(({ batches }) => batches.length));
    for (let round = 0; round < rounds; round++) {
      const outgoing = sends.flatMap(({ topic, partition, batches }) => {
        const batch = batches[round];
        return batch === undefined ? [] : [this.#numbered(topic, partition, batch)];
      });
      await this.#deliver(outgoing);
      for (const { topic, encoded, baseOffset, leaderEpoch } of outgoing) {
        encoded.release();
        // Without an offset (-1) a topic keeps the one before: behind, which does no harm.
        if (!this.#options.copartitioned.includes(topic) || baseOffset === undefined || baseOffset < 0n) continue;
        written.set(topic, { offset: baseOffset + BigInt(encoded.count), leaderEpoch });
      }
    }
    return written;
  }

  #numbered(topic: string, partition: number, batch: Batch): OutgoingBatch {
    const name = `${topic}/${partition}`;
    const firstSequence = this.#sequences.get(name) ?? 0;
    this.#sequences.set(name, (firstSequence + batch.encoded.count) & SEQUENCE_MASK);
    return { topic, partition, ...batch, firstSequence, baseOffset: undefined, leaderEpoch: undefined };
  }

  /** What is sent again is exactly what nobody has acknowledged, wherever its partition is led by then. */
  async #deliver(outgoing: readonly OutgoingBatch[]): Promise<void> {
    const unsent = () => outgoing.filter(({ baseOffset }) => baseOffset === undefined);
    await patiently(
      PATIENCE,
      async () => {
        const byLeader = new Map<number, OutgoingBatch[]>();
        for (const batch of unsent()) {
          const { nodeId, epoch } = await this.#cluster.leader(batch);
          batch.leaderEpoch = epoch;
          const its = byLeader.get(nodeId);
          if (its) its.push(batch);
          else byLeader.set(nodeId, [batch]);
        }
        await all([...byLeader].map(([nodeId, batches]) => this.#produce(nodeId, batches)));
      },
      () => this.#cluster.forget(unsent().map(({ topic }) => topic)),
    );
  }

  async #produce(nodeId: number, batches: readonly OutgoingBatch[]): Promise<void> {
    const connection = await this.#cluster.broker(nodeId);
    const transactional = this.#transactionalId !== null;
    const { responses } = await connection.request(produce, {
      transactionalId: this.#transactionalId,
      acks: ALL_IN_SYNC,
      timeoutMs: PRODUCE_TIMEOUT_MS,
      topicData: [...Map.groupBy(batches, ({ topic }) => topic)].map(([name, its]) => ({
        name,
        partitionData: its.map(({ partition, encoded, firstSequence }) => ({
          index: partition,
          records: encoded.encode({ transactional, ...this.#id, firstSequence }),
        })),
      })),
    });
    let failure: KafkaError | undefined;
    const refusals: Refusal[] = [];
    for (const { name, partitionResponses } of responses) {
      for (const { index, errorCode, baseOffset, errorMessage, recordErrors } of partitionResponses) {
        const type = errorType(errorCode);
        const batch = batches.find(({ topic, partition }) => topic === name && partition === index);
        if (batch === undefined) continue;
        // The broker has it: the answer to the request before was lost.
        if (errorCode === 0 || type === "DUPLICATE_SEQUENCE_NUMBER") batch.baseOffset = baseOffset;
        else if (isRefusal(type))
          refusals.push({ topic: name, type, errorMessage, recordErrors, records: batch.records });
        else failure ??= new KafkaError(type, `${name}/${index}`);
      }
    }
    if (failure) throw failure;
    if (refusals.length > 0) throw this.#refused(batches, refusals);
    if (batches.some(({ baseOffset }) => baseOffset === undefined)) {
      throw new KafkaError("UNKNOWN_SERVER_ERROR", `broker ${nodeId}`, "its answer lacks a partition that it was sent");
    }
  }

  /** What a broker refused did not count: the next batch of the partition has its numbers. */
  #refused(batches: readonly OutgoingBatch[], refusals: readonly Refusal[]): RefusedRecordsError {
    for (const { topic, partition, firstSequence, baseOffset } of batches) {
      if (baseOffset === undefined) this.#sequences.set(`${topic}/${partition}`, firstSequence);
    }
    return refusedRecords(refusals);
  }
}

interface OutgoingBatch extends Batch {
  readonly topic: string;
  readonly partition: number;
  readonly firstSequence: number;
  /** Once a broker has it; -1 where the broker does not tell. */
  baseOffset: bigint | undefined;
  /** Of the leader that it was sent to, as far as is known: it may have been elected anew meanwhile. */
  leaderEpoch: number | undefined;
}

/** Those who are no member of the group that they commit for. */
const NO_MEMBER = { generationId: -1, memberId: "", groupInstanceId: null };

/** As the requests that commit offsets have them. */
export function offsetsByTopic(consumed: readonly Consumed[]) {
  return [...Map.groupBy(consumed, ({ partition }) => partition.topic)].map(([name, its]) => ({
    name,
    partitions: its.map(({ partition, offset, leaderEpoch = NO_EPOCH, note = "" }) => ({
      partitionIndex: partition.partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: note,
    })),
  }));
}

function initialRequest(transactionalId: string | null) {
  const transactionTimeoutMs = TRANSACTION_TIMEOUT_MS;
  return { transactionalId, transactionTimeoutMs, producerId: NO_PRODUCER, producerEpoch: -1 };
}

function isNotAttempted({ partitionErrorCode }: { readonly partitionErrorCode: number }): boolean {
  return errorType(partitionErrorCode) === "OPERATION_NOT_ATTEMPTED";
}

/** Waits for all, also when one fails, and then throws what failed first. */
async function all(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === "rejected");
  if (failed) throw failed.reason;
}
