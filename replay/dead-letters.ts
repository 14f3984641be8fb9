import { type DeadLetter, parseDeadLetter } from "../runtime/dead-letter.ts";
import type { Inspector, TopicPartition } from "../runtime/kafka/kafka.ts";
import { partitionsOf, type ReplayCluster } from "./connect.ts";
import { type Leaderless, leaderless } from "./needs.ts";

/** A service that reads topics: what is needed to look after its dead letters. */
export interface Consumer {
  readonly name: string;
  /** Its consumer group. */
  readonly groupId: string;
  readonly inputTopics: readonly string[];
  readonly deadLetterTopic: string;
}

/** The group whose offset says how far a service's dead letters have been put back. */
export function deadLetterGroup({ deadLetterTopic }: Pick<Consumer, "deadLetterTopic">): string {
  return deadLetterTopic;
}

/** Dead-letter topics have one partition. */
export function deadLetterPartition({ deadLetterTopic: topic }: Consumer): TopicPartition {
  return { topic, partition: 0 };
}

/** Where to go on: dead letters before it have been put back. */
export async function deadLetterPosition(inspector: Inspector, consumer: Consumer): Promise<bigint> {
  const partition = deadLetterPartition(consumer);
  const earliest = await inspector.earliestOffset(partition);
  const committed = await inspector.committedOffset(deadLetterGroup(consumer), partition);
  // Kafka may have taken away, by age, what was never put back.
  return committed === undefined || committed < earliest ? earliest : committed;
}

/**
 * Those of the services that have no dead-letter topic (yet): they were not deployed since they came into the file, or it was
 * deleted by hand.
 */
export async function withoutTopic(
  { admin }: ReplayCluster,
  consumers: readonly Consumer[],
): Promise<readonly Consumer[]> {
  const topics = new Set(await admin.listTopics());
  return consumers.filter(({ deadLetterTopic }) => !topics.has(deadLetterTopic));
}

/** What keeps dead letters of these services from being read now, by the topic that has them. */
export async function unreadable(
  cluster: ReplayCluster,
  consumers: readonly Consumer[],
): Promise<ReadonlyMap<string, readonly Leaderless[]>> {
  const found = new Map<string, readonly Leaderless[]>();
  for (const each of consumers) {
    const needs = { topics: [each.deadLetterTopic], groups: [deadLetterGroup(each)], transactionalIds: [] };
    const its = await leaderless(cluster, needs);
    if (its.length > 0) found.set(each.deadLetterTopic, its);
  }
  return found;
}

/** One service's dead letters in numbers. */
export interface DeadLetterCount {
  /** Those that are not put back yet. */
  readonly waiting: number;
  readonly putBack: number;
  /** When the newest one was refused, in milliseconds since the epoch; undefined when there is none. */
  readonly newest: number | undefined;
}

export async function countDeadLetters(cluster: ReplayCluster, consumer: Consumer): Promise<DeadLetterCount> {
  let [waiting, putBack] = [0, 0];
  let newest: number | undefined;
  await readDeadLetters(cluster, consumer, ({ refusedAt }, isPutBack) => {
    if (isPutBack) putBack++;
    else waiting++;
    newest = refusedAt;
  });
  return { waiting, putBack, newest };
}

/** Reads all dead letters of a service that Kafka still has, oldest first. */
export async function readDeadLetters(
  cluster: ReplayCluster,
  consumer: Consumer,
  onDeadLetter: (deadLetter: DeadLetter, isPutBack: boolean) => void,
): Promise<void> {
  await partitionsOf(cluster, consumer.deadLetterTopic);
  await cluster.kafka.inspect(async (inspector) => {
    const position = await deadLetterPosition(inspector, consumer);
    const partition = deadLetterPartition(consumer);
    await inspector.readToEnd(partition, await inspector.earliestOffset(partition), (record) => {
      const deadLetter = parseDeadLetter(record);
      if (deadLetter) onDeadLetter(deadLetter, deadLetter.offset < position);
    });
  });
}
