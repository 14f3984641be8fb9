import { askCoordinator, askLeader, coordinatorOf, QUESTION_PATIENCE } from "./asking.ts";
import { type ClusterClient, patiently, type Requests } from "./cluster.ts";
import { UnreadableBatchError } from "./errors.ts";
import { type FetchedPartition, type FetchedRun, fetchedRun, fetchFrom, wholeBatches } from "./fetched-run.ts";
import type { Committed, IncomingRecord, Inspector, Position, RecordBatch, TopicPartition } from "./kafka.ts";
import { errorType, requireNoError } from "./protocol/error-codes.ts";
import {
  describeConfigs,
  describeGroups,
  EARLIEST,
  LATEST,
  leaveGroup,
  listOffsets,
  NO_EPOCH,
  NO_OFFSET,
  NO_REPLICA,
  offsetFetch,
  offsetForLeaderEpoch,
  READ_UNCOMMITTED,
  TOPIC,
} from "./protocol/messages.ts";
import { recordsOf } from "./record-reader.ts";

/** Small, as each byte of small records takes some thirty when they are decoded. A larger batch comes whole (KIP-74). */
const MAX_FETCH_BYTES = 512 * 1024;
const MAX_WAIT_MS = 20;
const MAX_MESSAGE_BYTES = "max.message.bytes";
/** A batch goes into one segment. */
const SEGMENT_BYTES = "segment.bytes";
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
const BATCH_OVERHEAD_BYTES = 61;
/** An offset of an open transaction is decided within moments, or as its producer is fenced. */
const STABLE_PATIENCE = { limitMs: 2_000, firstWaitMs: 20, maxWaitMs: 20 };

export function inspectorOf(cluster: ClusterClient): Inspector {
  return {
    committed: (groupId, partition) => committed(cluster, groupId, partition),
    describe: (topics) => patiently(QUESTION_PATIENCE, () => cluster.describe(topics)),
    endOfEpoch: (partition, leaderEpoch) => endOfEpoch(cluster, partition, leaderEpoch),
    earliestOffset: (partition) => offsetOf(cluster, partition, EARLIEST),
    latestOffset: (partition) => offsetOf(cluster, partition, LATEST),
    topicId: ({ topic }) => topicId(cluster, topic),
    maxRecordBytes: (topic) => maxRecordBytes(cluster, topic),
    recordAt: (partition, offset) => recordAt(cluster, partition, offset),
    damagedBatch: (partition, offset) => damagedBatch(cluster, partition, offset),
    retireMembers: (groupId, clientId) => retireMembers(cluster, groupId, clientId),
    readToEnd: (partition, from, onRecord) => readToEnd(cluster, partition, from, onRecord),
    read: (partition, from) => read(cluster, partition, from),
  };
}

/** OffsetFetch with `requireStable` (KIP-447): else the last decided offset is given while a later one is being decided. */
function committed(cluster: ClusterClient, groupId: string, where: TopicPartition): Promise<Committed | undefined> {
  const { topic, partition } = where;
  const topics = [{ name: topic, partitionIndexes: [partition] }];
  const ask = async (coordinator: Requests): Promise<Committed | undefined> => {
    const found = await coordinator.request(offsetFetch, { groupId, topics, requireStable: true });
    requireNoError(found.errorCode, `${groupId}: its offsets`);
    const of = found.topics[0]?.partitions[0];
    if (of === undefined) throw new Error(`${topic}/${partition}: the answer of ${groupId}'s coordinator lacks it`);
    requireNoError(of.errorCode, `${groupId}: its offset in ${topic}/${partition}`);
    if (of.committedOffset === NO_OFFSET) return undefined;
    const leaderEpoch = of.committedLeaderEpoch === NO_EPOCH ? undefined : of.committedLeaderEpoch;
    return { offset: of.committedOffset, leaderEpoch, ...(of.metadata && { note: of.metadata }) };
  };
  return askCoordinator(cluster, coordinatorOf(groupId), ask, STABLE_PATIENCE);
}

/** Otherwise the group would wait for a dead member until its session ends, 6 s, before the partitions are read again. */
async function retireMembers(cluster: ClusterClient, groupId: string, clientId?: string): Promise<void> {
  await askCoordinator(cluster, coordinatorOf(groupId), async (coordinator) => {
    const members = (await membersOf(coordinator, groupId))
      .filter((member) => clientId === undefined || member.clientId === clientId)
      .map(({ memberId }) => ({ memberId, groupInstanceId: null }));
    if (members.length === 0) return;
    const left = await coordinator.request(leaveGroup, { groupId, members });
    requireNoError(left.errorCode, groupId);
    for (const { errorCode } of left.members) {
      // It has left by itself meanwhile.
      if (errorType(errorCode) !== "UNKNOWN_MEMBER_ID") requireNoError(errorCode, groupId);
    }
  });
}

/** None for a group that is not there. */
export async function membersOf(coordinator: Requests, groupId: string) {
  const asked = { groups: [groupId], includeAuthorizedOperations: false };
  const [group] = (await coordinator.request(describeGroups, asked)).groups;
  if (group === undefined || errorType(group.errorCode) === "GROUP_ID_NOT_FOUND") return [];
  requireNoError(group.errorCode, groupId);
  return group.members;
}

/** @param timestamp {@link EARLIEST}, {@link LATEST}, or ms since the epoch */
export function offsetOf(cluster: ClusterClient, where: TopicPartition, timestamp: bigint): Promise<bigint> {
  const { topic, partition } = where;
  return askLeader(cluster, where, async (broker, { epoch: currentLeaderEpoch }) => {
    const { topics } = await broker.request(listOffsets, {
      replicaId: NO_REPLICA,
      isolationLevel: READ_UNCOMMITTED,
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, currentLeaderEpoch, timestamp }] }],
    });
    return answerFor(where, topics[0]?.partitions).offset;
  });
}

export function endOfEpoch(
  cluster: ClusterClient,
  where: TopicPartition,
  leaderEpoch: number,
): Promise<bigint | undefined> {
  const { topic, partition } = where;
  return askLeader(cluster, where, async (broker, { epoch: currentLeaderEpoch }) => {
    const { topics } = await broker.request(offsetForLeaderEpoch, {
      replicaId: NO_REPLICA,
      topics: [{ topic, partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }],
    });
    const { endOffset } = answerFor(where, topics[0]?.partitions);
    return endOffset === NO_OFFSET ? undefined : endOffset;
  });
}

async function topicId(cluster: ClusterClient, topic: string): Promise<string> {
  const found = await patiently(QUESTION_PATIENCE, () => cluster.refresh([topic]));
  return found.get(topic)?.id ?? "";
}

/** Kafka's `max.message.bytes` is of a record batch, which has 61 bytes besides its records. */
async function maxRecordBytes(cluster: ClusterClient, topic: string): Promise<number> {
  const ask = async () => {
    const { results } = await (await cluster.any()).request(describeConfigs, {
      resources: [{ resourceType: TOPIC, resourceName: topic, configurationKeys: [MAX_MESSAGE_BYTES, SEGMENT_BYTES] }],
      includeSynonyms: false,
      includeDocumentation: false,
    });
    return Math.min(...(results[0]?.configs ?? []).map(({ value }) => Number(value)));
  };
  // A topic that is not there yet has no limit yet; whoever writes to it opens anew when it fails.
  const bytes = await ask().catch(() => undefined);
  return (bytes && Number.isFinite(bytes) ? bytes : DEFAULT_MAX_MESSAGE_BYTES) - BATCH_OVERHEAD_BYTES;
}

async function recordAt(
  cluster: ClusterClient,
  partition: TopicPartition,
  offset: bigint,
): Promise<IncomingRecord | undefined> {
  if (offset < (await offsetOf(cluster, partition, EARLIEST))) return undefined;
  const { records } = await read(cluster, partition, offset);
  for (const record of records.decode()) if (record.offset === offset) return record;
  return undefined;
}

async function damagedBatch(cluster: ClusterClient, partition: TopicPartition, offset: bigint) {
  const end = await offsetOf(cluster, partition, LATEST);
  if (offset >= end) return undefined;
  const { topic, partition: number } = partition;
  const { records } = await fetchOnce(cluster, partition, offset);
  const [batch, next] = wholeBatches(records, `${topic}/${number}`);
  const error = batch && unreadable(batch, offset);
  if (!error?.isDamaged) return undefined;
  const behind = next?.baseOffset ?? end;
  const last = next === undefined && error.last < behind ? error.last : behind - 1n;
  return new UnreadableBatchError(error.problem, { first: error.first, last, isDamaged: true });
}

function unreadable(batch: RecordBatch, from: bigint): UnreadableBatchError | undefined {
  try {
    recordsOf([batch], from).next();
    return undefined;
  } catch (error) {
    if (error instanceof UnreadableBatchError) return error;
    throw error;
  }
}

/** "The end" is the high watermark seen first: a transaction still open below it is waited for. */
async function readToEnd(
  cluster: ClusterClient,
  partition: TopicPartition,
  from: bigint,
  onRecord: (record: IncomingRecord) => void,
): Promise<Position> {
  let offset = from;
  let leaderEpoch: number | undefined;
  for (let end: bigint | undefined; end === undefined || offset < end; ) {
    const { records, nextOffset, highWatermark } = await read(cluster, partition, offset);
    for (const record of records.decode()) onRecord(record);
    end ??= highWatermark;
    offset = nextOffset;
    leaderEpoch = records.leaderEpoch ?? leaderEpoch;
  }
  return { offset, leaderEpoch };
}

interface Read extends FetchedRun {
  readonly highWatermark: bigint;
}

async function read(cluster: ClusterClient, where: TopicPartition, from: bigint): Promise<Read> {
  const found = await fetchOnce(cluster, where, from);
  return { ...(await fetchedRun(where, found, from)), highWatermark: found.highWatermark };
}

function fetchOnce(cluster: ClusterClient, where: TopicPartition, from: bigint): Promise<FetchedPartition> {
  return askLeader(cluster, where, async (broker, { nodeId, epoch }) => {
    const limits = { maxWaitMs: MAX_WAIT_MS, maxBytes: MAX_FETCH_BYTES };
    return answerFor(where, await fetchFrom(broker, nodeId, [{ ...where, from, epoch }], limits));
  });
}

/** Of the one partition that a leader was asked about. */
function answerFor<A extends { readonly errorCode: number }>(
  { topic, partition }: TopicPartition,
  [answer]: readonly A[] = [],
): A {
  if (answer === undefined) throw new Error(`${topic}/${partition}: the leader's answer is empty`);
  requireNoError(answer.errorCode, `${topic}/${partition}`);
  return answer;
}
