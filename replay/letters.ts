import { type DeadLetter, readDeadLetter } from "../runtime/dead-letter.ts";
import type { Inspector, TopicPartition } from "../runtime/kafka/kafka.ts";
import { partitionsOf, type ReplayCluster } from "./connect.ts";
import { type Leaderless, leaderless } from "./needs.ts";

/** What is needed of a service to look after its dead letters. */
export interface Addressee {
  readonly name: string;
  /** Its consumer group. */
  readonly groupId: string;
  readonly inputTopics: readonly string[];
  readonly deadLetterTopic: string;
}

/** The group whose offset says how far a service's dead letters have been put back. */
export function lettersGroup({ deadLetterTopic }: Pick<Addressee, "deadLetterTopic">): string {
  return deadLetterTopic;
}

/** Dead-letter topics have one partition. */
export function lettersPartition({ deadLetterTopic: topic }: Addressee): TopicPartition {
  return { topic, partition: 0 };
}

/** Where to go on: letters before it have been put back. */
export async function lettersPosition(inspector: Inspector, addressee: Addressee): Promise<bigint> {
  const partition = lettersPartition(addressee);
  const earliest = await inspector.earliestOffset(partition);
  const committed = await inspector.committedOffset(lettersGroup(addressee), partition);
  // Kafka may have taken away, by age, what was never put back.
  return committed === undefined || committed < earliest ? earliest : committed;
}

/**
 * Those of the services that have no dead-letter topic (yet): they were not deployed since they came into the file, or it was
 * deleted by hand.
 */
export async function withoutTopic(
  { admin }: ReplayCluster,
  addressees: readonly Addressee[],
): Promise<readonly Addressee[]> {
  const topics = new Set(await admin.listTopics());
  return addressees.filter(({ deadLetterTopic }) => !topics.has(deadLetterTopic));
}

/** What keeps dead letters of these services from being read now, by the topic that has them. */
export async function unreadable(
  cluster: ReplayCluster,
  addressees: readonly Addressee[],
): Promise<ReadonlyMap<string, readonly Leaderless[]>> {
  const found = new Map<string, readonly Leaderless[]>();
  for (const each of addressees) {
    const needs = { topics: [each.deadLetterTopic], groups: [lettersGroup(each)], transactionalIds: [] };
    const its = await leaderless(cluster, needs);
    if (its.length > 0) found.set(each.deadLetterTopic, its);
  }
  return found;
}

/** One service's dead letters in numbers. */
export interface LettersCount {
  /** Those that are not put back yet. */
  readonly waiting: number;
  readonly putBack: number;
  /** When the newest one was refused, in milliseconds since the epoch; undefined when there is none. */
  readonly newest: number | undefined;
}

export async function countLetters(cluster: ReplayCluster, addressee: Addressee): Promise<LettersCount> {
  let [waiting, putBack] = [0, 0];
  let newest: number | undefined;
  await readLetters(cluster, addressee, ({ refusedAt }, isPutBack) => {
    if (isPutBack) putBack++;
    else waiting++;
    newest = refusedAt;
  });
  return { waiting, putBack, newest };
}

/** Reads all letters of a service that Kafka still has, oldest first. */
export async function readLetters(
  cluster: ReplayCluster,
  addressee: Addressee,
  onLetter: (letter: DeadLetter, isPutBack: boolean) => void,
): Promise<void> {
  await partitionsOf(cluster, addressee.deadLetterTopic);
  await cluster.kafka.inspect(async (inspector) => {
    const position = await lettersPosition(inspector, addressee);
    const partition = lettersPartition(addressee);
    await inspector.readToEnd(partition, await inspector.earliestOffset(partition), (record) => {
      const letter = readDeadLetter(record);
      if (letter) onLetter(letter, letter.offset < position);
    });
  });
}
