import { setImmediate as turn } from "node:timers/promises";
import type { UnreadableBatchError } from "../kafka/errors.ts";
import { describeError, FencedError } from "../kafka/errors.ts";
import type { Batch, TopicPartition } from "../kafka/kafka.ts";
import type { TopicFormat } from "../operators/topics-of.ts";
import type { PartitionTask } from "./partition-task.ts";
import { pause } from "./pause.ts";
import type { Service } from "./service.ts";
import { StateStoreError } from "./state-store.ts";
import { TaskSet } from "./task-set.ts";

const HEARTBEAT_EVERY_MS = 1000;

/** How often a damaged batch is fetched again: its leader may have moved to a broker that has it as it was written. */
const DAMAGED_EVERY_MS = 5000;

/** Consumes as a member of the service's group until `stop` is aborted; throws when the consumer has to be made anew. */
export async function consumeTopics(
  service: Service,
  topics: readonly TopicFormat[],
  stop: AbortSignal,
): Promise<void> {
  const { spec, kafka, journal, supervisor } = service;
  const fenced = Promise.withResolvers<never>();
  fenced.promise.catch(() => {}); // awaited further down
  const over = new AbortController();
  const ended = AbortSignal.any([stop, over.signal]);
  const tasks = new TaskSet(service, topics, ended, fenced.reject);

  const onBatch = async (batch: Batch) => {
    const { topic, partition } = batch;
    const task = await withHeartbeat(batch, tasks.get(partition));
    // A task that has just been opened has sought its own position; what was fetched before that is void.
    if (task === undefined || batch.isStale()) return;
    // Fetched again although it may be processed, or the topic was made anew: Kafka knows where to go on.
    if (batch.records.firstOffset < task.position(topic)) return tasks.reopen(partition, batch.heartbeat());
    // Timers have their turn between two partitions: else, with many, the group would not hear of its member for too long.
    const work = turn().then(() => task.process(topic, batch.records, batch.nextOffset));
    const outcome = await withHeartbeat(batch, outcomeOf(work));
    if ("damaged" in outcome) {
      const where = `${topic}/${partition}@${outcome.damaged.first}`;
      const remedy = `waiting for a sound replica; \`npx bramble skip ${spec.name}\` passes it over`;
      journal.error(`${where}: ${outcome.damaged.message}; ${remedy}`);
      // Other topics that are merged go on meanwhile. Opened anew, it goes on where the group is by then.
      await withHeartbeat(batch, pause(DAMAGED_EVERY_MS, ended));
      return tasks.reopen(partition, batch.heartbeat());
    }
    const { failure } = outcome;
    // A task that was closed meanwhile has not come to the end: whoever opens the partition next goes on from there.
    if (failure === undefined) return task.position(topic) === batch.nextOffset ? batch.done() : undefined;
    if (failure instanceof FencedError) return fenced.reject(failure);
    // The store has said it, and the transaction may well be committed.
    if (!(failure instanceof StateStoreError)) {
      const where = `${topic}/${partition}@${task.position(topic)}`;
      journal.warn(`${where}: the transaction failed and is retried: ${describeError(failure)}`);
    }
    tasks.reopen(partition, batch.heartbeat());
  };

  const consumption = await kafka.consume({
    groupId: spec.groupId,
    topics: topics.map(({ topic }) => topic),
    onAlive: () => supervisor.alive(),
    onAssigned: (assigned, seek) => {
      const consuming = `consuming ${topics.map(({ topic }) => held(topic, assigned)).join("; ")}`;
      tasks.assign(assigned, seek).then(
        () => {
          supervisor.ready(consuming);
          journal.info(consuming);
        },
        () => {}, // superseded by the next assignment, or stopping
      );
    },
    onBatch,
    // Opening it finds out where to go on, and says what was lost.
    onOutOfRange: ({ partition }) => tasks.reopen(partition, Promise.resolve()),
  });
  try {
    await Promise.race([consumption.ended, fenced.promise, aborted(stop)]);
  } finally {
    // A consumer that is stopping may still join: what it is assigned then is for whoever comes after it.
    over.abort();
    await Promise.all([consumption.stop(), tasks.close()]);
  }
}

function held(topic: string, assigned: readonly TopicPartition[]): string {
  const partitions = assigned.filter((each) => each.topic === topic).map(({ partition }) => partition);
  if (partitions.length === 0) return `${topic}, no partition (other replicas have them all)`;
  return `${topic}, ${partitions.length === 1 ? "partition" : "partitions"} ${partitions.join(", ")}`;
}

async function outcomeOf(
  work: ReturnType<PartitionTask["process"]>,
): Promise<{ readonly failure: unknown } | { readonly damaged: UnreadableBatchError }> {
  try {
    const damaged = await work;
    return damaged === undefined ? { failure: undefined } : { damaged };
  } catch (failure) {
    return { failure };
  }
}

/** A member that works long is not a dead one. Rejects, without waiting for the work, when the group is rebalancing. */
async function withHeartbeat<T>(batch: Batch, work: Promise<T>): Promise<T> {
  const rebalancing = Promise.withResolvers<never>();
  const timer = setInterval(() => batch.heartbeat().catch(rebalancing.reject), HEARTBEAT_EVERY_MS);
  try {
    return await Promise.race([work, rebalancing.promise]);
  } finally {
    clearInterval(timer);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
