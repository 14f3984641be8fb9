import kafkajs, { type Admin, type Kafka } from "kafkajs";
import type { RecordCount, TopicFacts, Topics } from "../resources/resource-type.ts";
import { aloneOn, type ClusterFacts, heldBy } from "./broker-gate.ts";
import { topicResource } from "./config-resource.ts";
import { isForming, protocolErrors } from "./protocol-errors.ts";
import { reassign, type Target, without, withReplicationFactor } from "./reassign.ts";
import { countRecords } from "./record-count.ts";
import { leaderTimeoutMs, TopicReader } from "./topic-reader.ts";
import { NoBrokerError } from "./unanswered.ts";
import { unregisterBroker } from "./unregister-broker.ts";
import { until } from "./until.ts";

/** How long a cluster that has just been started may take to know all of its brokers. */
const formingTimeoutMs = 90_000;

/** A cluster over its admin API. */
export interface KafkaAdmin extends Topics {
  cluster(): Promise<ClusterFacts>;
  close(): Promise<void>;
}

/** Connects to the first broker that answers. Throws {@link NoBrokerError} when none does. */
export async function connectAdmin(bootstrapServers: readonly string[]): Promise<KafkaAdmin> {
  const kafka = new kafkajs.Kafka({
    clientId: "bramble-provisioning",
    brokers: [...bootstrapServers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 3 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
  } catch (error) {
    throw new NoBrokerError(bootstrapServers, error as Error);
  }
  const reader = new TopicReader(admin, bootstrapServers);
  let moves: Promise<unknown> = Promise.resolve();
  /** One topic at a time, as they share the brokers' throttle. */
  const move = (name: string, target: Target, progress: (message: string) => void) => {
    const moved = moves.then(() => reassign(admin, name, target, progress));
    moves = moved.catch(() => {});
    return moved;
  };
  return {
    describe: (name) => reader.describe(name),
    create: (name, topic) => create(admin, reader, name, topic),
    addPartitions: (name, count) =>
      onceAllHaveLeaders(name, () => admin.createPartitions({ topicPartitions: [{ topic: name, count }] })),
    setReplicationFactor: (name, factor, progress) =>
      move(name, (partitions, brokers) => withReplicationFactor(partitions, brokers, factor), progress),
    async moveAway(address, progress) {
      const facts = await describeCluster(admin);
      const leaving = facts.brokers.find((broker) => broker.address === address)?.id;
      if (leaving === undefined) return undefined;
      for (const name of heldBy(facts, address)) {
        await move(name, (partitions, brokers) => without(partitions, brokers, leaving), progress);
      }
      return leaving;
    },
    async unregister(id) {
      const [other] = (await admin.describeCluster()).brokers.filter(({ nodeId }) => nodeId !== id);
      if (other !== undefined) await unregisterBroker(`${other.host}:${other.port}`, id);
    },
    setConfig(name, config) {
      const resources = [{ type: topicResource, name, configEntries: entries(config) }];
      return onceAllHaveLeaders(name, () => admin.alterConfigs({ validateOnly: false, resources }));
    },
    async delete(name) {
      const { brokers } = await admin.describeCluster();
      await (brokers.length < bootstrapServers.length ? markForDeletion(kafka, name) : remove(admin, reader, name));
    },
    records: (name) => records(kafka, reader, name, bootstrapServers),
    heldBy: async (address) => heldBy(await describeCluster(admin), address),
    alone: async () => aloneOn(await describeCluster(admin)),
    cluster: () => describeCluster(admin),
    close: () => admin.disconnect(),
  };
}

/** On a connection of its own: kafkajs looks up leaders once, and breaks on a partition that came since. */
async function records(
  kafka: Kafka,
  reader: TopicReader,
  name: string,
  bootstrapServers: readonly string[],
): Promise<RecordCount> {
  let count: RecordCount = { records: 0, isExact: true };
  await until(leaderTimeoutMs, `topic ${name}: its offsets still cannot be read`, async () => {
    const admin = kafka.admin();
    try {
      await admin.connect();
      if ((await reader.describe(name)) === undefined) return true;
      const partitions = await admin.fetchTopicOffsets(name);
      const offsets = partitions.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
      count = offsets === 0 ? count : await countedOr({ records: offsets, isExact: false }, bootstrapServers, name);
      return true;
    } catch (error) {
      if (error instanceof TypeError || isForming(error)) return false;
      throw error;
    } finally {
      await admin.disconnect();
    }
  });
  return count;
}

/** Asks one broker after the other; `atMost` where none of them can count. */
async function countedOr(atMost: RecordCount, bootstrapServers: readonly string[], name: string): Promise<RecordCount> {
  for (const server of bootstrapServers) {
    const counted = await countRecords(server, name).catch(() => undefined);
    if (counted) return counted;
  }
  return atMost;
}

async function describeCluster(admin: Admin): Promise<ClusterFacts> {
  const { brokers, controller } = await admin.describeCluster();
  const { topics } = await admin.fetchTopicMetadata();
  return {
    brokers: brokers.map(({ nodeId, host }) => ({ id: nodeId, address: host })),
    controllerId: controller,
    partitions: topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionId, replicas, isr }) => ({
        topic: name,
        partition: partitionId,
        replicas,
        inSync: isr,
      })),
    ),
  };
}

async function create(admin: Admin, reader: TopicReader, name: string, topic: TopicFacts): Promise<void> {
  const request = {
    topic: name,
    numPartitions: topic.partitions,
    replicationFactor: topic.replicationFactor,
    configEntries: entries(topic.config),
  };
  await until(formingTimeoutMs, `topic ${name}: the brokers still have not created it`, async () => {
    try {
      if (await admin.createTopics({ topics: [request], waitForLeaders: true })) return true;
      // There already: made by somebody else just now, or the one that is still being deleted.
      return (await reader.describe(name))?.partitions === topic.partitions;
    } catch (error) {
      if (isForming(error)) return false;
      throw new Error(`topic ${name}: ${protocolErrors(error)[0]?.message ?? (error as Error).message}`, {
        cause: error,
      });
    }
  });
}

/** kafkajs looks at all topics before it asks: one that is made at the same time has no leader for a moment. */
async function onceAllHaveLeaders(name: string, ask: () => Promise<unknown>): Promise<void> {
  const still = `topic ${name}: it cannot be changed, as some topic still has no leader`;
  await until(leaderTimeoutMs, still, async () => {
    try {
      await ask();
      return true;
    } catch (error) {
      if (isForming(error)) return false;
      throw error;
    }
  });
}

/** Deletion is asynchronous: gone means that no broker lists it any more. */
async function remove(admin: Admin, reader: TopicReader, name: string): Promise<void> {
  if ((await reader.describe(name)) === undefined) return;
  await onceAllHaveLeaders(name, () => admin.deleteTopics({ topics: [name], timeout: 15_000 }));
  const still = `topic ${name}: the brokers still have not deleted it`;
  await until(formingTimeoutMs, still, async () => !(await admin.listTopics()).includes(name));
}

/**
 * With a broker away the others keep a topic marked as to be deleted, until it comes back: that is all there is to wait
 * for. On a connection of its own: kafkajs looks at all topics before it sends, and fails on any without a leader, unless
 * it has been given one to look at; Kafka's own has a leader wherever services can work.
 */
async function markForDeletion(kafka: Kafka, name: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.fetchTopicOffsets("__consumer_offsets");
    await admin.deleteTopics({ topics: [name], timeout: 1_000 });
  } catch (error) {
    const expected = ["REQUEST_TIMED_OUT", "UNKNOWN_TOPIC_OR_PARTITION"];
    if (!protocolErrors(error).some(({ type }) => expected.includes(type))) throw error;
  } finally {
    await admin.disconnect();
  }
}

function entries(config: Readonly<Record<string, string>>) {
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}
