import { randomBytes } from "node:crypto";
import kafkajs, { Kafka, logLevel, Partitioners } from "kafkajs";
import { eventually } from "./eventually.ts";
import type { ReachableBroker } from "./kafka-broker.ts";

/** One module for each test file, so it is another in each. */
const OWN = randomBytes(4).toString("hex");

/** A name that no other test file has: all use the same broker. */
export function ownName(name: string): string {
  return `${name}-${OWN}`;
}

export interface NewTopic {
  readonly topic: string;
  readonly partitions?: number;
  readonly compacted?: boolean;
  /** For each of its partitions, the id of the broker that has it; left out, it is for Kafka to choose. */
  readonly on?: readonly number[];
}

/** The cleaner comes as soon as it can, so that whatever is read back has been through it. */
const COMPACTED = {
  "cleanup.policy": "compact",
  "segment.ms": "100",
  "min.cleanable.dirty.ratio": "0.01",
  "delete.retention.ms": "0",
};

export interface NewRecord {
  readonly value: Buffer | string | null;
  readonly key?: string;
  readonly partition?: number;
  readonly timestamp?: string;
  readonly headers?: Record<string, string>;
}

function client(broker: ReachableBroker): Kafka {
  return new Kafka({ brokers: [broker.bootstrapServer], logLevel: logLevel.NOTHING });
}

export async function createTopics(broker: ReachableBroker, topics: readonly NewTopic[]): Promise<void> {
  const admin = client(broker).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    timeout: 30_000,
    topics: topics.map(({ topic, partitions = 1, compacted = false, on }) => ({
      topic,
      ...(on === undefined
        ? { numPartitions: partitions, replicationFactor: 1 }
        : { replicaAssignment: on.map((id, partition) => ({ partition, replicas: [id] })) }),
      configEntries: Object.entries(compacted ? COMPACTED : {}).map(([name, value]) => ({ name, value })),
    })),
  });
  await admin.disconnect();
}

/** Takes the place of all settings that the topic has of its own. */
export async function configure(broker: ReachableBroker, topic: string, config: Record<string, string>): Promise<void> {
  const admin = client(broker).admin();
  await admin.connect();
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  });
  await admin.disconnect();
}

/** Moves all partitions of topics to a broker, which leads them from then on. */
export async function moveTo(broker: ReachableBroker, id: number, topics: readonly string[]): Promise<void> {
  const admin = client(broker).admin();
  await admin.connect();
  const partitionsOf = async () => (await admin.fetchTopicMetadata({ topics: [...topics] })).topics;
  await admin.alterPartitionReassignments({
    topics: (await partitionsOf()).map(({ name, partitions }) => ({
      topic: name,
      partitionAssignment: partitions.map(({ partitionId }) => ({ partition: partitionId, replicas: [id] })),
    })),
  });
  await eventually(
    async () => (await partitionsOf()).every(({ partitions }) => partitions.every(({ leader }) => leader === id)),
    () => `broker ${id} does not lead all of ${topics.join(", ")}`,
  );
  await admin.disconnect();
}

/** Of the members of a consumer group. */
export async function clientIds(broker: ReachableBroker, groupId: string): Promise<string[]> {
  const admin = client(broker).admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([groupId]);
  await admin.disconnect();
  return groups.flatMap(({ members }) => members.map(({ clientId }) => clientId));
}

/** Writes as any producer might: no transaction, no ordering across partitions. */
export async function write(broker: ReachableBroker, topic: string, records: readonly NewRecord[]): Promise<void> {
  const producer = client(broker).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  // A broker takes 1 MB at once.
  const largest = records.reduce((most, { value }) => Math.max(most, value?.length ?? 0), 0);
  const atOnce = Math.min(1000, Math.ceil(500_000 / (largest + 1)));
  for (let start = 0; start < records.length; start += atOnce) {
    await producer.send({ topic, messages: records.slice(start, start + atOnce) });
  }
  await producer.disconnect();
}
