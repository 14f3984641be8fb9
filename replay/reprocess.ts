import type { Operator } from "../operators/operator.ts";
import { type TopicFormat, topicsOf } from "../operators/topics-of.ts";
import { hostClock } from "../runtime/clock.ts";
import type { Journal } from "../runtime/journal.ts";
import { connectKafka } from "../runtime/kafka/connect.ts";
import { describeError, FencedError } from "../runtime/kafka/errors.ts";
import type { FetchedRecords, Inspector, Transaction } from "../runtime/kafka/kafka.ts";
import { openTask, type PartitionTask } from "../runtime/partition-task.ts";
import { pause } from "../runtime/pause.ts";
import { groupPositions } from "../runtime/positions.ts";
import { branchesOf, chainOf, type Service } from "../runtime/service.ts";
import type { ServiceSpec } from "../runtime/service-spec.ts";
import { StateStores } from "../runtime/state-stores.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { aroundTransact } from "./around-transact.ts";

/** How far this process is to read: offsets as text, by topic and then partition. */
export type EndOffsets = Readonly<Record<string, Readonly<Record<number, string>>>>;

/** What it tells the process that started it. */
export type ReprocessEvent =
  /** So many offsets are left to read, and so many records written by this process. */
  | { readonly kind: "progress" | "done"; readonly left: number; readonly written: number }
  | { readonly kind: "warning"; readonly text: string };

const RETRY_AFTER_MS = 1000;

/**
 * Runs a service's operators over its input up to given ends, with the runtime's own tasks: from where its group is, so
 * that a process that is killed is gone on from by the next. Two at once fence each other. Run as a process of its own,
 * from a bundle, as only that has the mended Kafka client; it ends with the process that started it.
 */
export async function reprocess(spec: ServiceSpec, operators: Readonly<Record<string, Operator>>): Promise<void> {
  process.once("disconnect", () => process.exit(1));
  const ends = JSON.parse(process.argv[2] ?? "{}") as EndOffsets;
  const warn = (text: string) => void report({ kind: "warning", text });
  process.on("unhandledRejection", (reason) => warn(`in the background: ${describeError(reason)}`));
  const progress = new Progress(ends);
  const kafka = connectKafka({
    bootstrapServers: spec.bootstrapServers,
    clientId: spec.groupId,
    processingGuarantee: "exactly_once",
    onComplaint: warn,
  });
  const service: Service = {
    spec,
    chain: chainOf(spec, operators),
    branches: branchesOf(spec, operators),
    kafka: aroundTransact(kafka, async (transact, transaction) => {
      const written = await transact();
      progress.wrote(countOf(transaction));
      return written;
    }),
    stores: new StateStores(undefined, warn),
    journal: { info: () => {}, warn, error: warn } satisfies Journal,
    supervisor: UNSUPERVISED,
    clock: hostClock(),
    replica: "replay",
    stateFolder: undefined,
    print: () => Promise.reject(new Error("a replay prints nothing")),
  };
  try {
    const topics = topicsOf(spec.input);
    const partitions = new Set(Object.values(ends).flatMap((each) => Object.keys(each).map(Number)));
    await Promise.all([...partitions].map((partition) => replayPartition(service, topics, partition, progress)));
    await progress.report("done");
    process.exit(0);
  } catch (error) {
    await report({ kind: "warning", text: describeError(error) });
    process.exit(1);
  }
}

/** One partition number, through everything that may heal. */
async function replayPartition(
  service: Service,
  topics: readonly TopicFormat[],
  partition: number,
  progress: Progress,
): Promise<void> {
  const its = topics.filter(({ topic }) => progress.end(topic, partition) !== undefined);
  for (;;) {
    try {
      const task = await openTask(service, partition, its, groupPositions(service.spec.groupId));
      try {
        return await service.kafka.inspect((inspector) => readToEnd(inspector, task, its, partition, progress));
      } finally {
        await task.close();
      }
    } catch (error) {
      if (error instanceof FencedError) throw error;
      service.journal.warn(`${its.map(({ topic }) => topic).join(", ")}/${partition}: ${describeError(error)}`);
      await pause(RETRY_AFTER_MS, new AbortController().signal);
    }
  }
}

/** Merged topics take turns, as they do in a service. */
async function readToEnd(
  inspector: Inspector,
  task: PartitionTask,
  topics: readonly TopicFormat[],
  partition: number,
  progress: Progress,
): Promise<void> {
  for (const { topic } of topics) {
    const earliest = await inspector.earliestOffset({ topic, partition });
    // Retention took them away meanwhile.
    if (earliest > task.position(topic)) await task.process(topic, NO_RECORDS, earliest);
  }
  for (let isAtEnd = false; !isAtEnd; ) {
    isAtEnd = true;
    for (const { topic } of topics) {
      const end = progress.end(topic, partition) ?? 0n;
      const position = task.position(topic);
      progress.reached(topic, partition, position);
      if (position >= end) continue;
      isAtEnd = false;
      const { records, nextOffset } = await inspector.read({ topic, partition }, position);
      if (nextOffset > position) {
        await task.process(topic, before(records, end), nextOffset < end ? nextOffset : end);
      }
    }
  }
}

const NO_RECORDS: FetchedRecords = { firstOffset: 0n, batches: [], decode: () => [] };

/** An end is one of a batch: no batch has records on both sides of it. */
function before({ firstOffset, batches, decode }: FetchedRecords, end: bigint): FetchedRecords {
  return {
    firstOffset,
    ...(batches && { batches: batches.filter(({ baseOffset }) => baseOffset < end) }),
    decode: () => decode().filter(({ offset }) => offset < end),
  };
}

/** How many records a transaction writes. */
function countOf({ records, encoded }: Transaction): number {
  return records.length + (encoded?.sends.reduce((sum, { count }) => sum + count, 0) ?? 0);
}

const REPORT_EVERY_MS = 1000;

class Progress {
  readonly #ends: EndOffsets;
  readonly #left = new Map<string, number>();
  #written = 0;
  #reportedMs = Date.now();

  constructor(ends: EndOffsets) {
    this.#ends = ends;
  }

  end(topic: string, partition: number): bigint | undefined {
    const end = this.#ends[topic]?.[partition];
    return end === undefined ? undefined : BigInt(end);
  }

  reached(topic: string, partition: number, position: bigint): void {
    this.#left.set(`${topic}/${partition}`, Number((this.end(topic, partition) ?? 0n) - position));
    if (Date.now() - this.#reportedMs > REPORT_EVERY_MS) void this.report("progress");
  }

  wrote(count: number): void {
    this.#written += count;
  }

  report(kind: "progress" | "done"): Promise<void> {
    this.#reportedMs = Date.now();
    const left = [...this.#left.values()].reduce((sum, each) => sum + Math.max(each, 0), 0);
    return report({ kind, left, written: this.#written });
  }
}

function report(event: ReprocessEvent): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(event, undefined, undefined, () => resolve());
  });
}

const UNSUPERVISED: Supervisor = { ready: () => {}, status: () => {}, alive: () => {}, stopping: () => {} };
