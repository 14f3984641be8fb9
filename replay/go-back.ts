import type { TopicPartition } from "../runtime/kafka/kafka.ts";
import type { ReplayCluster } from "./connect.ts";
import { moveGroup, transactionalIdOf } from "./move-group.ts";
import type { Needs } from "./needs.ts";
import { committedOffsets, partitionsIn, readableOf } from "./readable.ts";
import type { Replayable } from "./replayable.ts";
import { type From, type Stretch, stretchesFrom } from "./starting-place.ts";

/** The group whose offsets say which partitions have gone back, as long as not all have. */
export function marksGroup({ spec }: Replayable): string {
  return `${spec.groupId}-replay`;
}

/** Of {@link planBack} and {@link goBack}. */
export async function needsOfGoingBack(cluster: ReplayCluster, replayable: Replayable): Promise<Needs> {
  const { spec, inputTopics } = replayable;
  const partitions = await partitionsIn(cluster, inputTopics);
  return {
    topics: [...inputTopics, ...(spec.changelogTopic === undefined ? [] : [spec.changelogTopic])],
    groups: [spec.groupId, marksGroup(replayable)],
    transactionalIds: partitions.map(({ partition }) => transactionalIdOf(spec, partition)),
  };
}

/** What is to be read again into a service's outputs. */
export interface PlanBack {
  readonly stretches: readonly Stretch[];
  /** Partitions that a run before this one, which was cut short, has sent back already, each with where to. */
  readonly gone: readonly (TopicPartition & { readonly offset: bigint })[];
}

export async function planBack(cluster: ReplayCluster, replayable: Replayable, from: From): Promise<PlanBack> {
  const { spec, inputTopics } = replayable;
  const partitions = await partitionsIn(cluster, inputTopics);
  return cluster.kafka.inspect(async (inspector) => {
    const gone = await committedOffsets(inspector, marksGroup(replayable), partitions);
    const left = partitions.filter(({ partition }) => !gone.some((each) => each.partition === partition));
    const readable = await readableOf(cluster, inspector, left, from, spec.groupId);
    return { gone, stretches: stretchesFrom(from, readable, `where ${spec.name} is`) };
  });
}

/** Throws for a service that runs at-least-once: it would commit its own position over the one that it is given. */
export async function mustLetGo(cluster: ReplayCluster, { spec, units }: Replayable): Promise<void> {
  if (spec.processingGuarantee !== "at_least_once" || !(await isRunning(cluster, spec.groupId))) return;
  const stop = units.map((unit) => unit.replace(": ", ": sudo systemctl stop ")).join("; ");
  const why = "and nothing holds it off meanwhile as with exactly_once";
  throw new Error(
    `${spec.name}: found it running with at_least_once, ${why}; wanted it stopped. Stop it (${stop}), run this again, and start it.`,
  );
}

async function isRunning({ admin }: ReplayCluster, groupId: string): Promise<boolean> {
  const { groups } = await admin.describeGroups([groupId]);
  return groups.some(({ members }) => members.length > 0);
}

/**
 * Sends a service back: each partition once, however often this is cut short and begun again, until all have gone. Its members
 * are made to join again, and go on from there. Tells whether it was running.
 */
export async function goBack(
  cluster: ReplayCluster,
  replayable: Replayable,
  { stretches }: PlanBack,
): Promise<boolean> {
  const { kafka, admin } = cluster;
  const { spec } = replayable;
  const wasRunning = await isRunning(cluster, spec.groupId);
  const marks = marksGroup(replayable);
  const moves = [...Map.groupBy(stretches, ({ partition }) => partition)].map(([partition, its]) => {
    const positions = its.map(({ topic, from }) => ({ topic, offset: from }));
    return moveGroup(kafka, spec, partition, positions, marks);
  });
  const failed = (await Promise.allSettled(moves)).find((move) => move.status === "rejected");
  if (failed) throw failed.reason;
  // One that has nothing to write does not find out by itself that it was fenced.
  await kafka.inspect((inspector) => inspector.retireMembers(spec.groupId));
  await admin.deleteGroups([marks]);
  return wasRunning;
}
