import { fork } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleService } from "../runtime/bundle.ts";
import type { RecordCount } from "../runtime/record-count.ts";
import { type ReplayCluster, topicsThere } from "./connect.ts";
import { countRanges, sumOf } from "./count-ranges.ts";
import type { IntoTopic, TopicShape } from "./into-topic.ts";
import { moveGroup, transactionalIdOf } from "./move-group.ts";
import type { Needs } from "./needs.ts";
import { committedOffsets, partitionsIn, readableRanges } from "./readable-ranges.ts";
import type { Replayable } from "./replayable.ts";
import type { EndOffsets, ReprocessEvent } from "./reprocess.ts";
import { type OffsetRange, rangesFrom, type StartPoint } from "./start-point.ts";

/** What is to be read again into a topic. */
export interface ReplayIntoPlan {
  readonly ranges: readonly OffsetRange[];
  /** Partition numbers that no run before this one has begun. */
  readonly fresh: ReadonlySet<number>;
  /** What the topic holds already; undefined when it is not there yet. */
  readonly recordsThere: RecordCount | undefined;
}

/** Of {@link planReplayInto} and {@link replayInto}. */
export async function needsOfReplayInto(
  cluster: ReplayCluster,
  { inputTopics }: Replayable,
  { topic, spec, shape, changelogShape }: IntoTopic,
): Promise<Needs> {
  const partitions = await partitionsIn(cluster, inputTopics);
  const there = await topicsThere(cluster, [
    topic,
    ...(spec.changelogTopic === undefined ? [] : [spec.changelogTopic]),
  ]);
  const toMake = [
    ...(there.has(topic) ? [] : [shape]),
    ...(changelogShape === undefined || there.has(spec.changelogTopic ?? "") ? [] : [changelogShape]),
  ];
  return {
    topics: [...inputTopics, topic, ...(spec.changelogTopic === undefined ? [] : [spec.changelogTopic])],
    groups: [spec.groupId],
    transactionalIds: partitions.map(({ partition }) => transactionalIdOf(spec, partition)),
    brokers: Math.max(0, ...toMake.map(({ replicationFactor }) => replicationFactor)),
  };
}

/** Up to the ends as they are now. Partitions that a run before this one has begun go on where it was. */
export async function planReplayInto(
  cluster: ReplayCluster,
  { inputTopics }: Replayable,
  { topic, spec }: IntoTopic,
  from: StartPoint,
): Promise<ReplayIntoPlan> {
  const recordsThere = await recordsIn(cluster, topic);
  const partitions = await partitionsIn(cluster, inputTopics);
  // A run before this one may hang somewhere, or have left a transaction open: it cannot commit any more.
  for (const partition of new Set(partitions.map((each) => each.partition))) {
    await cluster.kafka.producer({
      transactionalId: transactionalIdOf(spec, partition),
      ...{ partition, copartitioned: [] },
    });
  }
  return cluster.kafka.inspect(async (inspector) => {
    const fromThere = rangesFrom(from, await readableRanges(cluster, inspector, partitions, from), "its end");
    // Of a topic that was deleted since, nothing is there to go on with.
    const begun = recordsThere === undefined ? [] : await committedOffsets(inspector, spec.groupId, partitions);
    const fresh = new Set(partitions.map(({ partition }) => partition));
    for (const { partition } of begun) fresh.delete(partition);
    const ranges = fromThere.map((range): OffsetRange => {
      const its = begun.find((each) => each.topic === range.topic && each.partition === range.partition);
      return its === undefined ? range : { ...range, from: its.offset, isCut: false };
    });
    return { ranges, fresh, recordsThere };
  });
}

async function recordsIn(cluster: ReplayCluster, topic: string): Promise<RecordCount | undefined> {
  if (!(await topicsThere(cluster, [topic])).has(topic)) return undefined;
  const partitions = await partitionsIn(cluster, [topic]);
  const ranges = await cluster.kafka.inspect((inspector) =>
    Promise.all(
      partitions.map(async (each) => ({
        ...each,
        from: await inspector.earliestOffset(each),
        end: await inspector.latestOffset(each),
        isCut: false,
      })),
    ),
  );
  return sumOf(await countRanges(cluster, ranges));
}

/**
 * Reads these ranges again into the topic, each record once, however often this is cut short and begun again; then
 * nothing is left of it but the topic. Gives how many records this run has written.
 */
export async function replayInto(
  cluster: ReplayCluster,
  into: IntoTopic,
  { ranges, fresh }: ReplayIntoPlan,
  onEvent: (event: ReprocessEvent) => void,
): Promise<number> {
  const { kafka, admin } = cluster;
  const { spec, topic, shape, changelogShape } = into;
  await createMissing(cluster, topic, shape);
  if (spec.changelogTopic !== undefined && changelogShape)
    await createMissing(cluster, spec.changelogTopic, changelogShape);
  for (const partition of fresh) {
    const its = ranges.filter((each) => each.partition === partition);
    await moveGroup(
      kafka,
      spec,
      partition,
      its.map((each) => ({ topic: each.topic, offset: each.from })),
    );
  }
  const written = await run(into, ranges, onEvent);
  // In this order: a group that is left over would have another run go on, with no state.
  await admin.deleteGroup(spec.groupId);
  if (spec.changelogTopic !== undefined) await admin.deleteTopic(spec.changelogTopic);
  return written;
}

async function createMissing(cluster: ReplayCluster, topic: string, shape: TopicShape): Promise<void> {
  const { partitions, replicationFactor, config } = shape;
  if ((await topicsThere(cluster, [topic])).has(topic)) return;
  await cluster.admin.createTopic({ topic, partitions, replicationFactor, config });
}

/** The program of replay/reprocess.ts, in a process that ends with this one. */
async function run(
  { spec, operatorModules }: IntoTopic,
  ranges: readonly OffsetRange[],
  onEvent: (event: ReprocessEvent) => void,
): Promise<number> {
  const program = { module: "replay/reprocess.ts", name: "reprocess" };
  const projectRoot = join(import.meta.dirname, "..");
  const { code } = await bundleService({ spec, operatorModules, projectRoot, program });
  const folder = await mkdtemp(join(tmpdir(), "bramble-replay-"));
  try {
    const bundle = join(folder, "replay.mjs");
    await writeFile(bundle, code);
    const child = fork(bundle, [JSON.stringify(endOffsetsOf(ranges))], {
      execArgv: [],
      stdio: ["ignore", 2, 2, "ipc"],
    });
    let done: number | undefined;
    let problem = "";
    child.on("message", (event: ReprocessEvent) => {
      if (event.kind === "done") done = event.written;
      else if (event.kind === "warning") problem = event.text;
      onEvent(event);
    });
    const ended = await new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (exitCode, signal) => resolve(signal ?? `exit code ${exitCode}`));
    });
    if (done !== undefined) return done;
    throw new Error(`${spec.groupId}: interrupted (${problem || ended}); run the same command again to continue`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function endOffsetsOf(ranges: readonly OffsetRange[]): EndOffsets {
  const ends: Record<string, Record<number, string>> = {};
  for (const { topic, partition, end } of ranges) {
    ends[topic] ??= {};
    ends[topic][partition] = String(end);
  }
  return ends;
}
