import { setTimeout as sleep } from "node:timers/promises";
import type { TopicPartition } from "../kafka/kafka.ts";
import type { ClusterMetadata } from "../provisioning/kafka/cluster-metadata.ts";
import { committedOffsets } from "../provisioning/kafka/committed-offsets.ts";
import { keyOf, type Offsets, partitionOffsets } from "../provisioning/kafka/partition-offsets.ts";
import type { CountOptions, RecordCount } from "../runtime/record-count.ts";
import { countLag, type UnreadRange } from "./lag.ts";

/** A service that works commits several times a second: one that has not within this time stands still. */
const STALLED_AFTER_MS = 3_000;
const LOOK_EVERY_MS = 500;

/** A group that reads a partition. */
export interface GroupPartition extends TopicPartition {
  readonly group: string;
  /** Of its records, for the lag. */
  readonly idOf?: CountOptions["idOf"];
}

/** How far it is; undefined is what cannot be told now. */
export interface PartitionLag extends GroupPartition {
  /** The next offset that it reads. */
  readonly position: number | undefined;
  /** Behind the last committed record. */
  readonly end: number | undefined;
  readonly lag: RecordCount | undefined;
}

/** @param servers brokers that answer, each `host:port` */
export async function partitionLags(
  servers: readonly string[],
  cluster: ClusterMetadata,
  groupPartitions: readonly GroupPartition[],
): Promise<PartitionLag[]> {
  const [committed, earliest, latest] = await Promise.all([
    committedBy(servers, groupPartitions),
    offsetsOf(cluster, groupPartitions, "earliest"),
    offsetsOf(cluster, groupPartitions, "latest"),
  ]);
  const lags = groupPartitions.map((groupPartition) => {
    const key = keyOf(groupPartition);
    const ofGroup = committed.get(groupPartition.group);
    const first = earliest.get(key);
    const at = ofGroup?.get(key) ?? (ofGroup === undefined ? undefined : first);
    // Of what it has not read yet, Kafka may have taken some away.
    const position = at !== undefined && first !== undefined && at < first ? first : at;
    return { ...groupPartition, position, end: latest.get(key) };
  });
  const counted = lags.filter(isKnown);
  const counts = await countLag(servers, counted);
  return lags.map((each) => ({ ...each, lag: isKnown(each) ? counts[counted.indexOf(each)] : undefined }));
}

/** Those for which something waits, and which do not move while they are watched. */
export async function stalledLags(servers: readonly string[], lags: readonly PartitionLag[]): Promise<PartitionLag[]> {
  let stalled = lags.filter(({ lag }) => lag !== undefined && lag.records > 0);
  for (const deadline = Date.now() + STALLED_AFTER_MS; stalled.length > 0 && Date.now() < deadline; ) {
    await sleep(LOOK_EVERY_MS);
    const committed = await committedBy(servers, stalled);
    stalled = stalled.filter((lag) => {
      const ofGroup = committed.get(lag.group);
      return ofGroup !== undefined && (ofGroup.get(keyOf(lag)) ?? lag.position) === lag.position;
    });
  }
  return stalled;
}

async function committedBy(servers: readonly string[], groupPartitions: readonly GroupPartition[]) {
  const groups = [...new Set(groupPartitions.map(({ group }) => group))];
  return committedOffsets(servers[0] ?? "", groups).catch(() => new Map<string, Offsets>());
}

async function offsetsOf(
  { brokers, partitions }: ClusterMetadata,
  groupPartitions: readonly GroupPartition[],
  which: "earliest" | "latest",
): Promise<Offsets> {
  const wanted = new Set(groupPartitions.map(keyOf));
  const led = partitions.filter((each) => wanted.has(keyOf(each)) && each.leader !== undefined);
  const ofEach = [...Map.groupBy(led, ({ leader = -1 }) => brokers.get(leader))].map(([server, its]) =>
    server === undefined ? [] : partitionOffsets(server, its, which).catch(() => []),
  );
  return new Map((await Promise.all(ofEach)).flatMap((offsets) => [...offsets]));
}

function isKnown<P extends Pick<PartitionLag, "topic" | "partition" | "position" | "end">>(
  lag: P,
): lag is P & UnreadRange {
  return lag.position !== undefined && lag.end !== undefined;
}
