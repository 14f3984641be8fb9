import { askCoordinator, coordinatorOf, QUESTION_PATIENCE } from "./asking.ts";
import { type Cluster, NO_ID, patiently } from "./cluster.ts";
import { membersOf, offsetOf } from "./inspector.ts";
import type { TopicPartition } from "./kafka.ts";
import { requireNoError } from "./protocol/error-codes.ts";
import { createTopics, deleteGroups, deleteTopics, listGroups, NO_OFFSET, offsetFetch } from "./protocol/messages.ts";

const CHANGE_TIMEOUT_MS = 10_000;

/** A topic that is to be made. */
export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Topics and groups of a cluster, while any of its brokers runs. */
export interface Admin {
  /** Throws when no broker can be reached. */
  connect(): Promise<void>;
  /** The ids of all consumer groups whose coordinator runs. */
  groups(): Promise<readonly string[]>;
  memberCount(groupId: string): Promise<number>;
  /** Whether the group has ever committed an offset of the topic. */
  hasRead(groupId: string, topic: string): Promise<boolean>;
  /** The offset of the first record that is as late as this, in ms since the epoch; undefined when there is none. */
  offsetSince(partition: TopicPartition, timestampMs: number): Promise<bigint | undefined>;
  /** Makes a topic, and waits until every partition has a leader. */
  createTopic(topic: NewTopic): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  deleteGroup(groupId: string): Promise<void>;
}

export function adminOf(cluster: Cluster): Admin {
  return {
    connect: async () => void (await cluster.any()),
    groups: () => groups(cluster),
    memberCount: (groupId) => memberCount(cluster, groupId),
    hasRead: (groupId, topic) => hasRead(cluster, groupId, topic),
    offsetSince: async (partition, timestampMs) => {
      const offset = await offsetOf(cluster, partition, BigInt(timestampMs));
      return offset === NO_OFFSET ? undefined : offset;
    },
    createTopic: (topic) => createTopic(cluster, topic),
    deleteTopic: (topic) => deleteTopic(cluster, topic),
    deleteGroup: (groupId) => deleteGroup(cluster, groupId),
  };
}

/** Each broker knows the groups that it coordinates. */
async function groups(cluster: Cluster): Promise<string[]> {
  const { all } = await cluster.brokers();
  const answers = await Promise.all(all.map((broker) => broker.request(listGroups, {})));
  return answers.flatMap(({ errorCode, groups }) => {
    requireNoError(errorCode, "the list of groups");
    return groups.map(({ groupId }) => groupId);
  });
}

function memberCount(cluster: Cluster, groupId: string): Promise<number> {
  return askCoordinator(
    cluster,
    coordinatorOf(groupId),
    async (coordinator) => (await membersOf(coordinator, groupId)).length,
  );
}

function hasRead(cluster: Cluster, groupId: string, topic: string): Promise<boolean> {
  return askCoordinator(cluster, coordinatorOf(groupId), async (coordinator) => {
    const found = await coordinator.request(offsetFetch, { groupId, topics: null, requireStable: false });
    requireNoError(found.errorCode, groupId);
    const offsets = found.topics.filter(({ name }) => name === topic).flatMap(({ partitions }) => partitions);
    return offsets.some(({ committedOffset }) => committedOffset >= 0n);
  });
}

async function createTopic(cluster: Cluster, { topic, partitions, replicationFactor, config }: NewTopic) {
  const { controller } = await cluster.brokers();
  const configs = Object.entries(config).map(([name, value]) => ({ name, value }));
  const asked = { name: topic, numPartitions: partitions, replicationFactor, assignments: [], configs };
  const { topics } = await controller.request(
    createTopics,
    { topics: [asked], timeoutMs: CHANGE_TIMEOUT_MS, validateOnly: false },
    2 * CHANGE_TIMEOUT_MS,
  );
  for (const { errorCode, errorMessage } of topics) requireNoError(errorCode, topic, errorMessage);
  await patiently(QUESTION_PATIENCE, async () => {
    cluster.forget([topic]);
    for (let partition = 0; partition < partitions; partition++) await cluster.leader({ topic, partition });
  });
}

async function deleteTopic(cluster: Cluster, name: string): Promise<void> {
  const { controller } = await cluster.brokers();
  const asked = { topics: [{ name, topicId: NO_ID }], timeoutMs: CHANGE_TIMEOUT_MS };
  const { responses } = await controller.request(deleteTopics, asked, 2 * CHANGE_TIMEOUT_MS);
  for (const { errorCode, errorMessage } of responses) requireNoError(errorCode, name, errorMessage);
}

function deleteGroup(cluster: Cluster, groupId: string): Promise<void> {
  return askCoordinator(cluster, coordinatorOf(groupId), async (coordinator) => {
    const { results } = await coordinator.request(deleteGroups, { groupsNames: [groupId] });
    for (const { errorCode } of results) requireNoError(errorCode, groupId);
  });
}
