import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterMetadata } from "../provisioning/kafka/cluster-metadata.ts";
import { committedOffsets } from "../provisioning/kafka/committed-offsets.ts";
import { keyOf, type Offsets, partitionOffsets } from "../provisioning/kafka/partition-offsets.ts";
import type { TopicPartition } from "../runtime/kafka/kafka.ts";
import { countWaiting, type Unread, type Waiting } from "./waiting.ts";

/** A service that works commits several times a second: one that has not within this time stands still. */
const STILL_AFTER_MS = 3_000;
const LOOK_EVERY_MS = 500;

/** A group that reads a partition. */
export interface Reading extends TopicPartition {
  readonly group: string;
}

/** How far it is; undefined is what cannot be told now. */
export interface Place extends Reading {
  /** The next offset that it reads. */
  readonly position: number | undefined;
  /** Behind the last committed record. */
  readonly end: number | undefined;
  readonly waiting: Waiting | undefined;
}

/** @param servers brokers that answer, each `host:port` */
export async function placesOf(
  servers: readonly string[],
  cluster: ClusterMetadata,
  readings: readonly Reading[],
): Promise<Place[]> {
  const [committed, earliest, latest] = await Promise.all([
    committedBy(servers, readings),
    offsetsOf(cluster, readings, "earliest"),
    offsetsOf(cluster, readings, "latest"),
  ]);
  const places = readings.map((reading) => {
    const key = keyOf(reading);
    const ofGroup = committed.get(reading.group);
    const first = earliest.get(key);
    const at = ofGroup?.get(key) ?? (ofGroup === undefined ? undefined : first);
    // Of what it has not read yet, Kafka may have taken some away.
    const position = at !== undefined && first !== undefined && at < first ? first : at;
    return { ...reading, position, end: latest.get(key) };
  });
  const counted = places.filter(isUnread);
  const waiting = await countWaiting(servers, counted);
  return places.map((place) => ({ ...place, waiting: isUnread(place) ? waiting[counted.indexOf(place)] : undefined }));
}

/** Those for which something waits, and which do not move while they are watched. */
export async function standingStill(servers: readonly string[], places: readonly Place[]): Promise<Place[]> {
  let still = places.filter(({ waiting }) => waiting !== undefined && waiting.records > 0);
  for (const deadline = Date.now() + STILL_AFTER_MS; still.length > 0 && Date.now() < deadline; ) {
    await sleep(LOOK_EVERY_MS);
    const committed = await committedBy(servers, still);
    still = still.filter((place) => {
      const ofGroup = committed.get(place.group);
      return ofGroup !== undefined && (ofGroup.get(keyOf(place)) ?? place.position) === place.position;
    });
  }
  return still;
}

async function committedBy(servers: readonly string[], readings: readonly Reading[]) {
  const groups = [...new Set(readings.map(({ group }) => group))];
  return committedOffsets(servers[0] ?? "", groups).catch(() => new Map<string, Offsets>());
}

async function offsetsOf(
  { brokers, partitions }: ClusterMetadata,
  readings: readonly Reading[],
  which: "earliest" | "latest",
): Promise<Offsets> {
  const wanted = new Set(readings.map(keyOf));
  const led = partitions.filter((each) => wanted.has(keyOf(each)) && each.leader !== undefined);
  const ofEach = [...Map.groupBy(led, ({ leader = -1 }) => brokers.get(leader))].map(([server, its]) =>
    server === undefined ? [] : partitionOffsets(server, its, which).catch(() => []),
  );
  return new Map((await Promise.all(ofEach)).flatMap((offsets) => [...offsets]));
}

function isUnread<P extends Pick<Place, "topic" | "partition" | "position" | "end">>(place: P): place is P & Unread {
  return place.position !== undefined && place.end !== undefined;
}
