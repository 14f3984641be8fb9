import Cluster, { type Broker, type FetchedPartition } from "kafkajs/src/cluster/index.js";
import Batch from "kafkajs/src/consumer/batch.js";
import { batchEnd } from "./batch-end.ts";
import { fetchedRecords } from "./consumption.ts";
import { kafkaErrorType } from "./errors.ts";
import type { IncomingRecord, Inspector, TopicPartition } from "./kafka.ts";
import { quit } from "./quit.ts";
import { stableOffsetFetch } from "./stable-offset-fetch.ts";
import { topicIdOf } from "./topic-id.ts";

const READ_COMMITTED = 1;
/** Small, as each byte of small records takes some thirty when they are decoded. A larger batch comes whole (KIP-74). */
const MAX_FETCH_BYTES = 512 * 1024;
/** Kafka's number for a topic as what is configured. */
const TOPIC_RESOURCE = 2;
const MAX_MESSAGE_BYTES = "max.message.bytes";
/** A batch goes into one segment. */
const SEGMENT_BYTES = "segment.bytes";
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
const BATCH_OVERHEAD_BYTES = 61;

/** kafkajs reads topics only as a member of a group; its cluster, one layer down, reads a partition without one. */
export async function inspect<T>(client: object, work: (inspector: Inspector) => Promise<T>): Promise<T> {
  const cluster = new Cluster({
    ...client,
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    allowAutoTopicCreation: false,
  });
  try {
    await cluster.connect();
    return await work({
      committedOffset: async (groupId, partition) => (await committed(cluster, groupId, partition))?.offset,
      committed: (groupId, partition) => committed(cluster, groupId, partition),
      earliestOffset: (partition) => offsetOf(cluster, partition, "earliest"),
      latestOffset: (partition) => offsetOf(cluster, partition, "latest"),
      topicId: (partition) => topicId(cluster, partition),
      maxRecordBytes: (topic) => maxRecordBytes(cluster, topic),
      recordAt: (partition, offset) => recordAt(cluster, partition, offset),
      retireMembers: (groupId, clientId) => retireMembers(cluster, groupId, clientId),
      readToEnd: (partition, from, onRecord) => readToEnd(cluster, partition, from, onRecord),
      read: (partition, from) => read(cluster, partition, from),
    });
  } finally {
    await quit(cluster);
  }
}

async function committed(cluster: Cluster, groupId: string, partition: TopicPartition) {
  await cluster.refreshMetadata();
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  for (let attempt = 1; ; attempt++) {
    try {
      const found = await coordinator.connectionPool.send(stableOffsetFetch(groupId, partition));
      return found.offset < 0n ? undefined : found;
    } catch (error) {
      if (kafkaErrorType(error) !== "UNSTABLE_OFFSET_COMMIT" || attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Otherwise the group would wait for a dead member until its session ends, 6 s, before the partitions are read again. */
async function retireMembers(cluster: Cluster, groupId: string, clientId?: string): Promise<void> {
  await cluster.refreshMetadata();
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const { groups } = await coordinator.describeGroups({ groupIds: [groupId] });
  const all = groups.flatMap(({ members }) => members);
  const meant = all.filter((member) => clientId === undefined || member.clientId === clientId);
  for (const { memberId } of meant) {
    await coordinator.leaveGroup({ groupId, memberId }).catch((error) => {
      // It has left by itself meanwhile.
      if (kafkaErrorType(error) !== "UNKNOWN_MEMBER_ID") throw error;
    });
  }
}

async function offsetOf(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  which: "earliest" | "latest",
): Promise<bigint> {
  await cluster.addMultipleTargetTopics([topic]);
  leaderOf(cluster, { topic, partition });
  const asked = { topic, partitions: [{ partition }], fromBeginning: which === "earliest" };
  const offsets = await cluster.fetchTopicsOffset([asked]);
  const offset = offsets[0]?.partitions[0]?.offset;
  if (offset === undefined) throw new Error(`${topic}/${partition}: the leader's answer is empty`);
  return BigInt(offset);
}

async function topicId(cluster: Cluster, partition: TopicPartition): Promise<string> {
  await cluster.addMultipleTargetTopics([partition.topic]);
  const leader = await cluster.findBroker({ nodeId: leaderOf(cluster, partition) });
  return leader.connectionPool.send(topicIdOf(partition.topic));
}

/** Kafka's `max.message.bytes` is of a record batch, which has 61 bytes besides its records. */
async function maxRecordBytes(cluster: Cluster, topic: string): Promise<number> {
  const resource = { type: TOPIC_RESOURCE, name: topic, configNames: [MAX_MESSAGE_BYTES, SEGMENT_BYTES] };
  const ask = async () => {
    const broker = await cluster.brokerPool.findConnectedBroker();
    const { resources } = await broker.describeConfigs({ resources: [resource] });
    return Math.min(...(resources[0]?.configEntries ?? []).map(({ configValue }) => Number(configValue)));
  };
  // A topic that is not there yet has no limit yet; whoever writes to it opens anew when it fails.
  const bytes = await ask().catch(() => undefined);
  return (bytes && Number.isFinite(bytes) ? bytes : DEFAULT_MAX_MESSAGE_BYTES) - BATCH_OVERHEAD_BYTES;
}

async function recordAt(cluster: Cluster, partition: TopicPartition, offset: bigint) {
  if (offset < (await offsetOf(cluster, partition, "earliest"))) return undefined;
  const { records } = await read(cluster, partition, offset);
  return records.decode().find((record) => record.offset === offset);
}

/** "The end" is the high watermark seen first: a transaction still open below it is waited for. */
async function readToEnd(
  cluster: Cluster,
  partition: TopicPartition,
  from: bigint,
  onRecord: (record: IncomingRecord) => void,
): Promise<bigint> {
  let offset = from;
  for (let end: bigint | undefined; end === undefined || offset < end; ) {
    const { records, nextOffset, highWatermark } = await read(cluster, partition, offset);
    for (const record of records.decode()) onRecord(record);
    end ??= highWatermark;
    offset = nextOffset;
  }
  return offset;
}

async function read(cluster: Cluster, partition: TopicPartition, from: bigint) {
  await cluster.addMultipleTargetTopics([partition.topic]);
  const broker = await cluster.findBroker({ nodeId: leaderOf(cluster, partition) });
  const fetched = await fetchCommitted(broker, partition, from);
  // Only what is committed of it; kafkajs's own consumer tells the two apart with the same class.
  const { messages } = new Batch(partition.topic, String(from), fetched);
  return {
    records: fetchedRecords(messages, from),
    nextOffset: await behind(fetched, broker, partition, from),
    highWatermark: BigInt(fetched.highWatermark),
  };
}

/** Where to go on. */
async function behind(
  { messages, lastStableOffset }: FetchedPartition,
  broker: Broker,
  partition: TopicPartition,
  from: bigint,
): Promise<bigint> {
  const last = messages.at(-1);
  if (last) return BigInt(last.offset) + 1n;
  if (BigInt(lastStableOffset) <= from) return from;
  return (await broker.connectionPool.send(batchEnd(partition, from))) ?? from;
}

async function fetchCommitted(broker: Broker, { topic, partition }: TopicPartition, offset: bigint) {
  const { responses } = await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: 20,
    minBytes: 1,
    maxBytes: MAX_FETCH_BYTES,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: MAX_FETCH_BYTES }] }],
  });
  const fetched = responses[0]?.partitions[0];
  if (!fetched) throw new Error(`${topic}/${partition}: the leader's answer is empty`);
  return fetched;
}

function leaderOf(cluster: Cluster, { topic, partition }: TopicPartition): number {
  const found = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
  if (!found) throw new Error(`${topic}/${partition}: the partition does not exist`);
  if (found.leader < 0) throw new Error(`${topic}/${partition}: the partition has no leader`);
  return found.leader;
}
