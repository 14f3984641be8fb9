import type { Host } from "../declaration/pipeline.ts";
import type { TopicPartition } from "../kafka/kafka.ts";
import { CommandError } from "./command-error.ts";
import type { ReplayCluster } from "./connect.ts";

/** What something cannot do without. */
export interface Needs {
  readonly topics: readonly string[];
  /** Consumer groups whose offsets are read or written. */
  readonly groups: readonly string[];
  readonly transactionalIds: readonly string[];
  /** How many brokers, for the replicas of topics that are to be made. */
  readonly brokers?: number;
}

/** Kafka's own topics. */
const GROUP_OFFSETS = "__consumer_offsets";
const TRANSACTIONS = "__transaction_state";

/** A partition that nobody can read or write now. */
export interface Leaderless extends TopicPartition {
  /** Ids of the brokers that have it and are away; none of them while a leader is being chosen. */
  readonly away: readonly number[];
}

/** What is needed and has no leader. What is not there (yet) is none of it. */
export async function leaderless({ kafka }: ReplayCluster, needs: Needs): Promise<Leaderless[]> {
  const asked = [...new Set(needs.topics), GROUP_OFFSETS, TRANSACTIONS];
  const { topics, brokers } = await kafka.inspect((inspector) => inspector.describe(asked));
  const partitionsOf = (topic: string) =>
    (topics.get(topic) ?? []).map((each, partition) => ({ ...each, topic, partition }));
  const kept = (topic: string, ids: readonly string[]) => {
    const all = partitionsOf(topic);
    const numbers = new Set(ids.map((id) => partitionFor(id, all.length)));
    return all.filter(({ partition }) => numbers.has(partition));
  };
  return [
    ...[...new Set(needs.topics)].flatMap(partitionsOf),
    ...kept(GROUP_OFFSETS, needs.groups),
    ...kept(TRANSACTIONS, needs.transactionalIds),
  ]
    .filter(({ leader }) => leader === undefined)
    .map(({ topic, partition, replicas }) => ({
      ...{ topic, partition },
      away: replicas.filter((id) => !brokers.includes(id)),
    }));
}

/** Throws, before anything is changed, when something of it has no leader, or brokers are too few. */
export async function requireAvailable(cluster: ReplayCluster, hosts: readonly Host[], needs: Needs): Promise<void> {
  const found = await leaderless(cluster, needs);
  if (found.length > 0) {
    const lines = [...leaderlessLines(hosts, found), "Nothing was changed."];
    throw new CommandError("partition-leaderless", lines.join("\n"));
  }
  const { brokers: expected = 0 } = needs;
  const { length: running } = (await cluster.kafka.inspect((inspector) => inspector.describe([]))).brokers;
  if (running >= expected) return;
  const next = "Start Kafka on the others (see `npx bramble status`), and run this again. Nothing was changed.";
  throw new Error(`the replicas of new topics need ${expected} brokers; found ${running} running\n${next}`);
}

/** Each of them, and what to do. */
export function leaderlessLines(hosts: readonly Host[], found: readonly Leaderless[]): string[] {
  const nameOf = (id: number) => hosts.find((host) => host.id === id)?.name ?? `broker ${id}`;
  const away = [...new Set(found.flatMap((each) => each.away))].sort((a, b) => a - b).map(nameOf);
  const lines = found.map(({ topic, partition, away: its }) => {
    const why = its.length === 0 ? "one is being elected" : `Kafka is down on ${its.map(nameOf).join(", ")}`;
    return `${topic}/${partition}: it has no leader (${why}), so it cannot be read or written`;
  });
  const next =
    away.length === 0
      ? "Run this again in a few seconds."
      : `Start Kafka on ${away.join(", ")} (see \`npx bramble status\`), and run this again.`;
  return [...new Set(lines), next];
}

/** Which partition keeps what belongs to a group or a transactional id: Java's hash of a string, as Kafka takes it. */
function partitionFor(id: string, partitions: number): number {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (31 * hash + id.charCodeAt(i)) | 0;
  return Math.abs(hash) % partitions;
}
