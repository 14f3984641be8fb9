import { describeError, kafkaErrorType } from "../kafka/errors.ts";
import type { Inspector, TopicPartition } from "../kafka/kafka.ts";
import { partitionsOf, type ReplayCluster } from "./connect.ts";
import type { ReadableRange, StartPoint } from "./start-point.ts";

/** Longer than a transaction may last (`transaction.timeout.ms` of a service), and than it takes to end it. */
const STABLE_TIMEOUT_MS = 60_000;

/** All partitions of these topics. Throws when one of the topics is not there. */
export async function partitionsIn(cluster: ReplayCluster, topics: readonly string[]): Promise<TopicPartition[]> {
  const all: TopicPartition[] = [];
  for (const topic of topics) {
    const count = await partitionsOf(cluster, topic);
    for (let partition = 0; partition < count; partition++) all.push({ topic, partition });
  }
  return all;
}

/**
 * What there is to read again.
 * @param groupId up to where this group is; up to the end of what is there when it is left out
 */
export async function readableRanges(
  { admin }: ReplayCluster,
  inspector: Inspector,
  partitions: readonly TopicPartition[],
  from: StartPoint,
  groupId?: string,
): Promise<ReadableRange[]> {
  const sinceMs = from.kind === "ago" ? Date.now() - from.ms : -1;
  // Before 1970 there is nothing to look up, and negative numbers mean something else to Kafka.
  const ranges: ReadableRange[] = [];
  for (const each of partitions) {
    try {
      const bounds = await boundsOf(inspector, each, groupId);
      if (sinceMs < 0) ranges.push({ ...each, ...bounds });
      else {
        const since = (await admin.offsetSince(each, sinceMs)) ?? (await inspector.latestOffset(each));
        ranges.push({ ...each, ...bounds, since });
      }
    } catch (cause) {
      const partition = `${each.topic}/${each.partition}`;
      const next = "run this again when its broker is up";
      throw new Error(`${partition}: its offsets cannot be read (${describeError(cause)}); ${next}`, { cause });
    }
  }
  return ranges;
}

async function boundsOf(inspector: Inspector, partition: TopicPartition, groupId: string | undefined) {
  const earliest = await inspector.earliestOffset(partition);
  const reached =
    groupId === undefined ? await inspector.latestOffset(partition) : await stableOffset(inspector, groupId, partition);
  // Of what the group has not read yet, Kafka may have taken some away.
  return { earliest, end: reached === undefined || reached < earliest ? earliest : reached };
}

/** Where a group is, in those partitions where it has ever been. */
export async function committedOffsets(
  inspector: Inspector,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<(TopicPartition & { readonly offset: bigint })[]> {
  const found: (TopicPartition & { offset: bigint })[] = [];
  for (const each of partitions) {
    const offset = await stableOffset(inspector, groupId, each);
    if (offset !== undefined) found.push({ ...each, offset });
  }
  return found;
}

/** A process that was killed may have left a transaction open: Kafka ends it after half a minute. */
async function stableOffset(inspector: Inspector, groupId: string, partition: TopicPartition) {
  for (const deadline = Date.now() + STABLE_TIMEOUT_MS; ; ) {
    try {
      return (await inspector.committed(groupId, partition))?.offset;
    } catch (error) {
      if (kafkaErrorType(error) !== "UNSTABLE_OFFSET_COMMIT" || Date.now() > deadline) throw error;
    }
  }
}
