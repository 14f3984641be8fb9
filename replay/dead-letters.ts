import type { Inspector, TopicPartition } from "../kafka/kafka.ts";
import { type DeadLetter, parseDeadLetter } from "../runtime/dead-letter.ts";
import { partitionsOf, type ReplayCluster, topicsThere } from "./connect.ts";
import { type Leaderless, leaderless } from "./needs.ts";

/** A service that may have dead letters: what is needed to look after them. */
export interface Consumer {
  readonly name: string;
  /** Its consumer group. */
  readonly groupId: string;
  /** Empty when it reads a file. */
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
  const committed = (await inspector.committed(deadLetterGroup(consumer), partition))?.offset;
  // Kafka may have taken away, by age, what was never put back.
  return committed === undefined || committed < earliest ? earliest : committed;
}

/**
 * Those of the services that have no dead-letter topic (yet): they were not deployed since they came into the file, or it was
 * deleted by hand.
 */
export async function withoutTopic(
  cluster: ReplayCluster,
  consumers: readonly Consumer[],
): Promise<readonly Consumer[]> {
  const topics = await topicsThere(
    cluster,
    consumers.map(({ deadLetterTopic }) => deadLetterTopic),
  );
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

/** One record that a service refused, however often: it counts as one dead letter, as its newest has it. */
interface Refused {
  /** Offset of its newest dead letter. */
  readonly newest: bigint;
  readonly refusedAt: number;
  readonly at: bigint;
  readonly times: number;
}

/** Refused records by their ids, as far as the dead letters reach now. */
export interface RefusedRecords {
  readonly records: ReadonlyMap<string, Refused>;
  /** Behind the last dead letter. */
  readonly end: bigint;
}

/** What the dead letters from an offset on are about. */
export async function refusedRecords(inspector: Inspector, consumer: Consumer, from: bigint): Promise<RefusedRecords> {
  const records = new Map<string, Refused>();
  const end = await inspector.readToEnd(deadLetterPartition(consumer), from, (record) => {
    const deadLetter = parseDeadLetter(record);
    if (deadLetter === undefined) return;
    const { id, offset, refusedAt, at } = deadLetter;
    const before = records.get(id);
    // One that could not be put back was written again as it is.
    const isSame = before?.refusedAt === refusedAt && before.at === at.offset;
    const times = (before?.times ?? 0) + (isSame ? 0 : 1);
    records.set(id, { newest: offset, refusedAt, at: at.offset, times });
  });
  return { records, end: end.offset };
}

/** One service's dead letters in numbers: each record counts once, however often it was refused. */
export interface DeadLetterCount {
  /** Those that are not put back yet, or were refused again since. */
  readonly waiting: number;
  readonly putBack: number;
  /** When the newest one was refused, in milliseconds since the epoch; undefined when there is none. */
  readonly newest: number | undefined;
}

export async function countDeadLetters(cluster: ReplayCluster, consumer: Consumer): Promise<DeadLetterCount> {
  return readDeadLetters(cluster, consumer, { most: 0 }, () => {});
}

/** Which dead letters are wanted: by default all that Kafka still has. */
export interface Wanted {
  readonly onlyWaiting?: boolean;
  /** So many of the newest. */
  readonly most?: number | undefined;
}

/** How one stands that was read. */
export interface Standing {
  readonly isPutBack: boolean;
  /** How often the record was refused. */
  readonly times: number;
}

/** Reads a service's dead letters: of each record the newest, oldest first. Counts all. */
export async function readDeadLetters(
  cluster: ReplayCluster,
  consumer: Consumer,
  { onlyWaiting = false, most }: Wanted,
  onDeadLetter: (deadLetter: DeadLetter, standing: Standing) => void,
): Promise<DeadLetterCount> {
  await partitionsOf(cluster, consumer.deadLetterTopic);
  return cluster.kafka.inspect(async (inspector) => {
    const position = await deadLetterPosition(inspector, consumer);
    const partition = deadLetterPartition(consumer);
    const earliest = await inspector.earliestOffset(partition);
    const { records, end } = await refusedRecords(inspector, consumer, earliest);
    const all = [...records.values()];
    const waiting = all.filter(({ newest }) => newest >= position);
    const wanted = (onlyWaiting ? waiting : all).map(({ newest }) => newest).sort((a, b) => (a < b ? -1 : 1));
    const [first] = wanted.slice(most === undefined ? 0 : Math.max(0, wanted.length - most));
    // Read twice, as all of them need not fit the memory.
    if (most !== 0 && first !== undefined) {
      await inspector.readToEnd(partition, first, (record) => {
        const deadLetter = record.offset < end ? parseDeadLetter(record) : undefined;
        const refused = deadLetter && records.get(deadLetter.id);
        if (deadLetter === undefined || refused?.newest !== deadLetter.offset) return;
        onDeadLetter(deadLetter, { isPutBack: deadLetter.offset < position, times: refused.times });
      });
    }
    const newest = all.length === 0 ? undefined : all.reduce((max, each) => Math.max(max, each.refusedAt), 0);
    return { waiting: waiting.length, putBack: all.length - waiting.length, newest };
  });
}
