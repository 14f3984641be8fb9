import {
  type CoordinatorKey,
  type Leader,
  type Patience,
  type ProducerCluster,
  passingType,
  patiently,
  type Requests,
} from "./cluster.ts";
import type { TopicPartition } from "./kafka.ts";

/** For a question that somebody waits for: a broker that has just come back takes its time. */
export const QUESTION_PATIENCE: Patience = { limitMs: 5_000, firstWaitMs: 100, maxWaitMs: 1_000 };

/** What a coordinator says that has to end something first; another one would not know better. */
const NOT_YET: ReadonlySet<string | undefined> = new Set(["CONCURRENT_TRANSACTIONS", "UNSTABLE_OFFSET_COMMIT"]);

/** Asks who leads the partition, and asks again when that has changed. */
export function askLeader<T>(
  cluster: ProducerCluster,
  partition: TopicPartition,
  ask: (broker: Requests, leader: Leader) => Promise<T>,
): Promise<T> {
  return patiently(
    QUESTION_PATIENCE,
    async () => {
      const leader = await cluster.leader(partition);
      return ask(await cluster.broker(leader.nodeId), leader);
    },
    () => cluster.forget([partition.topic]),
  );
}

/**
 * Asks the coordinator, whoever that is by then. One that has moved to another broker, is just starting there, or still ends the
 * transaction before, has done nothing of what it was asked; and what it did twice counts once.
 */
export function askCoordinator<T>(
  cluster: ProducerCluster,
  key: CoordinatorKey,
  ask: (coordinator: Requests) => Promise<T>,
  patience = QUESTION_PATIENCE,
): Promise<T> {
  return patiently(
    patience,
    async () => ask(await cluster.coordinator(key)),
    (error) => {
      if (!NOT_YET.has(passingType(error))) cluster.forgetCoordinator(key);
    },
  );
}

/** The coordinator of a consumer group. */
export function coordinatorOf(groupId: string): CoordinatorKey {
  return { type: "group", id: groupId };
}
