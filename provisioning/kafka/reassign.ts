import type { Admin } from "kafkajs";
import { brokerConfigSource, brokerResource, topicConfigSource, topicResource } from "./config-resource.ts";

/** Bytes per second that a broker may send, and take, for replicas that move: half of what a Pi's Fast Ethernet carries. */
const throttle = "6000000";
const pollMs = 1000;
/** A copy that has not come on for so long has a broker away. */
const stallTimeoutMs = 120_000;

export interface Replicas {
  readonly partition: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

export interface Assignment {
  readonly partition: number;
  readonly replicas: readonly number[];
}

/**
 * The same partitions with so many replicas each. What is added goes to the brokers with the fewest replicas of this
 * topic; what is taken away is first what is not in sync, and the preferred leader last. Pure.
 */
export function withReplicationFactor(
  partitions: readonly Replicas[],
  brokers: readonly number[],
  factor: number,
): Assignment[] {
  return assign(partitions, brokers, () => factor);
}

/** The same partitions, each with as many replicas as before where that many brokers stay, and none on one that leaves. Pure. */
export function without(partitions: readonly Replicas[], brokers: readonly number[], leaving: number): Assignment[] {
  const staying = brokers.filter((id) => id !== leaving);
  const left = partitions.map((one) => ({ ...one, replicas: one.replicas.filter((id) => id !== leaving) }));
  return assign(left, staying, (i) => Math.min(partitions[i]?.replicas.length ?? 0, staying.length));
}

function assign(
  partitions: readonly Replicas[],
  brokers: readonly number[],
  factorOf: (index: number) => number,
): Assignment[] {
  const load = new Map(brokers.map((id) => [id, 0]));
  const count = (id: number) => load.set(id, (load.get(id) ?? 0) + 1);
  for (const id of partitions.flatMap(({ replicas }) => replicas)) count(id);
  return partitions.map(({ partition, replicas, inSync }, index) => {
    const factor = factorOf(index);
    const lags = (id: number) => Number(!inSync.includes(id));
    const kept = [...replicas].sort((a, b) => lags(a) - lags(b)).slice(0, factor);
    while (kept.length < factor) {
      const [next] = brokers
        .filter((id) => !kept.includes(id))
        .sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || a - b);
      if (next === undefined) throw new Error(`${factor} replicas need ${factor} brokers; found ${brokers.length}`);
      kept.push(next);
      count(next);
    }
    return { partition, replicas: kept };
  });
}

/** Where the replicas of a topic are to be, of those that it has and the brokers that are there. */
export type Target = (partitions: readonly Replicas[], brokers: readonly number[]) => readonly Assignment[];

/**
 * Moves a topic's replicas as kafka-reassign-partitions.sh does (KIP-455, with the throttle of KIP-73), and waits until
 * every new replica is in sync. When it is killed on its way Kafka finishes the move by itself; the topic's throttle
 * then shows as a setting too many, and the next `up` takes it away.
 */
export async function reassign(
  admin: Admin,
  topic: string,
  target: Target,
  progress: (message: string) => void,
): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const before = (topics[0]?.partitions ?? []).map(({ partitionId, replicas, isr }) => ({
    ...{ partition: partitionId, replicas, inSync: isr },
  }));
  const brokers = (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId).sort((a, b) => a - b);
  const after = target(before, brokers);
  const partitionAssignment = after.map(({ partition, replicas }) => ({ partition, replicas: [...replicas] }));
  const lift = await throttleMoves(admin, topic, before, after);
  try {
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }], timeout: 30_000 });
    await untilDone(admin, topic, before.length, progress);
  } finally {
    await lift();
  }
}

async function untilDone(admin: Admin, topic: string, all: number, progress: (message: string) => void): Promise<void> {
  let latest = all;
  for (let since = Date.now(); ; await new Promise((resume) => setTimeout(resume, pollMs))) {
    const { topics } = await admin.listPartitionReassignments({});
    const moving = topics.find((each) => each.topic === topic)?.partitions.length ?? 0;
    if (moving === 0) return;
    if (moving < latest) since = Date.now();
    latest = moving;
    progress(`copying replicas of ${topic}: ${all - moving} of ${all} partitions done`);
    if (Date.now() > since + stallTimeoutMs) {
      throw new Error(
        `topic ${topic}: ${moving} of ${all} partitions still move, and none was done for ${stallTimeoutMs / 1000} s; ` +
          "expected every new replica in sync. Kafka continues by itself; see `systemctl status kafka` on the Pis.",
      );
    }
  }
}

/** Gives what lifts the throttle again. */
async function throttleMoves(
  admin: Admin,
  topic: string,
  before: readonly Replicas[],
  after: readonly Assignment[],
): Promise<() => Promise<void>> {
  const pairs = (of: (index: number) => readonly number[]) =>
    before.flatMap(({ partition }, index) => of(index).map((id) => `${partition}:${id}`)).join(",");
  const added = (index: number) => (after[index]?.replicas ?? []).filter((id) => !before[index]?.replicas.includes(id));
  const involved = new Set([...before, ...after].flatMap(({ replicas }) => replicas));
  const lifts = [
    await addConfig(admin, { type: topicResource, name: topic }, topicConfigSource, {
      "leader.replication.throttled.replicas": pairs((index) => before[index]?.replicas ?? []),
      "follower.replication.throttled.replicas": pairs(added),
    }),
  ];
  for (const id of involved) {
    lifts.push(
      await addConfig(admin, { type: brokerResource, name: String(id) }, brokerConfigSource, {
        "leader.replication.throttled.rate": throttle,
        "follower.replication.throttled.rate": throttle,
      }),
    );
  }
  return async () => {
    for (const lift of lifts) await lift();
  };
}

/** kafkajs only sets all of a resource's own settings at once: what is there stays beside what is added. */
async function addConfig(
  admin: Admin,
  resource: { type: number; name: string },
  source: number,
  added: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
  const own = (resources[0]?.configEntries ?? [])
    .filter(({ configSource, configName }) => configSource === source && !(configName in added))
    .map(({ configName, configValue }) => ({ name: configName, value: configValue }));
  // A secret is not told, and so cannot be set again: rather no throttle than a broker without its password.
  if (own.some(({ value }) => value === null)) return async () => {};
  const set = (configEntries: { name: string; value: string }[]) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] });
  await set([...own, ...Object.entries(added).map(([name, value]) => ({ name, value }))]);
  return () => set(own);
}
