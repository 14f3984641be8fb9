import type { TopicPartition } from "../kafka/kafka.ts";
import type { ReplayCluster } from "./connect.ts";
import { moveGroup, transactionalIdOf } from "./move-group.ts";
import type { Needs } from "./needs.ts";
import { committedOffsets, partitionsIn, readableRanges } from "./readable-ranges.ts";
import type { Replayable } from "./replayable.ts";
import { type OffsetRange, rangesFrom, type StartPoint } from "./start-point.ts";

/** The group whose offsets say which partitions have gone back, as long as not all have. */
export function markerGroup({ spec }: Replayable): string {
  return `${spec.groupId}-replay`;
}

/** Of {@link planReset} and {@link resetGroup}. */
export async function needsOfReset(cluster: ReplayCluster, replayable: Replayable): Promise<Needs> {
  const { spec, inputTopics } = replayable;
  const partitions = await partitionsIn(cluster, inputTopics);
  return {
    topics: [...inputTopics, ...(spec.changelogTopic === undefined ? [] : [spec.changelogTopic])],
    groups: [spec.groupId, markerGroup(replayable)],
    transactionalIds: partitions.map(({ partition }) => transactionalIdOf(spec, partition)),
  };
}

/** What is to be read again into a service's outputs. */
export interface ResetPlan {
  readonly ranges: readonly OffsetRange[];
  /** Partitions that a run before this one, which was cut short, has sent back already, each with where to. */
  readonly gone: readonly (TopicPartition & { readonly offset: bigint })[];
}

export async function planReset(cluster: ReplayCluster, replayable: Replayable, from: StartPoint): Promise<ResetPlan> {
  const { spec, inputTopics } = replayable;
  const partitions = await partitionsIn(cluster, inputTopics);
  return cluster.kafka.inspect(async (inspector) => {
    const gone = await committedOffsets(inspector, markerGroup(replayable), partitions);
    const left = partitions.filter(({ partition }) => !gone.some((each) => each.partition === partition));
    const ranges = await readableRanges(cluster, inspector, left, from, spec.groupId);
    return { gone, ranges: rangesFrom(from, ranges, `where ${spec.name} is`) };
  });
}

/** Throws for a service that runs at-least-once: it would commit its own position over the one that it is given. */
export async function requireStopped(cluster: ReplayCluster, { spec, units }: Replayable): Promise<void> {
  if (spec.processingGuarantee !== "at_least_once" || !(await isRunning(cluster, spec.groupId))) return;
  const stop = units.map((unit) => unit.replace(": ", ": sudo systemctl stop ")).join("; ");
  const why = "so it would commit its own position over the new one";
  throw new Error(
    `${spec.name} is running with at_least_once, ${why}. Stop it (${stop}), run this again, and start it.`,
  );
}

async function isRunning({ admin }: ReplayCluster, groupId: string): Promise<boolean> {
  return (await admin.memberCount(groupId)) > 0;
}

/**
 * Sends a service back: each partition once, however often this is cut short and begun again, until all have gone. Its members
 * are made to join again, and go on from there. Tells whether it was running.
 */
export async function resetGroup(
  cluster: ReplayCluster,
  replayable: Replayable,
  { ranges }: ResetPlan,
): Promise<boolean> {
  const { kafka, admin } = cluster;
  const { spec } = replayable;
  const wasRunning = await isRunning(cluster, spec.groupId);
  const marks = markerGroup(replayable);
  const moves = [...Map.groupBy(ranges, ({ partition }) => partition)].map(([partition, its]) => {
    const positions = its.map(({ topic, from }) => ({ topic, offset: from }));
    return moveGroup(kafka, spec, partition, positions, marks);
  });
  const failed = (await Promise.allSettled(moves)).find((move) => move.status === "rejected");
  if (failed) throw failed.reason;
  // One that has nothing to write does not find out by itself that it was fenced.
  await kafka.inspect((inspector) => inspector.retireMembers(spec.groupId));
  await admin.deleteGroup(marks);
  return wasRunning;
}
