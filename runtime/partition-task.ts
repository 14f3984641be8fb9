import { UnreadableBatchError } from "../kafka/errors.ts";
import type { FetchedRecords, Inspector, OutgoingRecord, TopicPartition } from "../kafka/kafka.ts";
import { RefusedRecordsError } from "../kafka/refused-records.ts";
import type { Format } from "../operators/format.ts";
import { type TopicFormat, topicsOf } from "../operators/topics-of.ts";
import { deadLetter, deadLetterOfBatch } from "./dead-letter.ts";
import { fullness } from "./full-transaction.ts";
import { openState } from "./open-state.ts";
import type { Positions } from "./positions.ts";
import type { BatchFormats } from "./process-batch.ts";
import type { Service } from "./service.ts";
import { openSink } from "./sink.ts";
import { type Slice, slicesOf } from "./slices.ts";
import { type ChangelogEntry, stateChanges } from "./state.ts";
import { type Decided, NOTHING_DECIDED, readDecided, timeLimits } from "./time-limits.ts";
import { withTimeout } from "./with-timeout.ts";

/** Long enough for a partition to get a new leader, shorter than the coordinator waits before it aborts by itself. */
const TRANSACT_TIMEOUT_MS = 25_000;

/**
 * One input partition of a service, of all topics that it merges: its transactional producer, its operators' state, and how
 * far it has got in each topic. Source: Kafka Streams' tasks.
 */
export interface PartitionTask {
  /** The first record of a topic still to process. */
  position(topic: string): bigint;
  /**
   * Processes records of one topic and commits outputs, state and position together, in one transaction or, if that became too
   * large, in several; what came of another topic is waited for. A task that is closed meanwhile stops after the
   * transaction at hand: `position` tells where. After an error the task is of no use. Gives the damaged batch that it came to, if it
   * did; all before that is committed.
   */
  process(topic: string, records: FetchedRecords, nextPosition: bigint): Promise<UnreadableBatchError | undefined>;
  /** Waits for the transaction at hand. */
  close(): Promise<void>;
}

/**
 * The order matters: first claim the transactional id, which fences a former holder and finishes its transaction, then
 * read state and position, which nobody else can change any more.
 */
export async function openTask(
  service: Service,
  partition: number,
  topics: readonly TopicFormat[],
  positions: Positions,
): Promise<PartitionTask> {
  const { spec, chain, kafka } = service;
  const { changelogTopic } = spec;
  const producer = await kafka.producer({
    transactionalId: `${spec.groupId}-${partition}`,
    partition,
    copartitioned: changelogTopic === undefined ? [] : [changelogTopic],
  });
  /** What each topic that it writes to takes at most; looked at again whenever a transaction has failed. */
  const maxRecordBytes = new Map<string, number>();
  const readLimits = async (inspector: Inspector) => {
    const read = async (topic: string) => maxRecordBytes.set(topic, await inspector.maxRecordBytes(topic));
    await Promise.all(writtenBy(spec).map(read));
  };
  const restored = await kafka.inspect(async (inspector) => {
    await readLimits(inspector);
    const kept = await openState(service, partition, positions.key, inspector, maxRecordBytes);
    try {
      const position = new Map<string, bigint>();
      const decided = new Map<string, Decided>();
      for (const { topic } of topics) {
        const source = { topic, partition };
        const from = await positions.restore(inspector, kept, source);
        position.set(topic, from);
        const before = positions.readBefore?.(source) ?? 0n;
        decided.set(topic, await readDecided(service, inspector, source, from, before));
      }
      return { kept, position, decided, sink: await openSink(service, partition, kept) };
    } catch (error) {
      kept.state.close();
      throw error;
    }
  });
  const { kept, position, decided, sink } = restored;
  const { state } = kept;
  // State of operators that the chain no longer has would come back, old, if they were put back one day.
  let unused = kept.unused();
  const formats = new Map(
    topics.map(({ topic, format }) => [topic, { ...formatsOf(service, format), maxRecordBytes }]),
  );
  const inFlight = new Set<string>();
  let busy: Promise<unknown> = Promise.resolve();
  let isClosing = false;

  const toChangelog = (entries: readonly ChangelogEntry[]) =>
    changelogTopic === undefined ? [] : entries.map((entry) => ({ topic: changelogTopic, ...entry }));
  const commitAlone = async (entries: readonly ChangelogEntry[]) => {
    const written = await producer.transact({ records: [], changelog: toChangelog(entries), maxRecordBytes });
    state.committed(written.get(changelogTopic ?? ""), entries);
  };

  const commit = async (topic: string, slice: Slice, leaderEpoch?: number) => {
    const source = { topic, partition };
    const { consumed, changelog } = positions.moveTo(source, slice.position, leaderEpoch);
    const taken = await sink.take(slice, commitAlone);
    const others = [...unused, ...(changelog ? [changelog] : []), ...taken];
    const entries = [...others, ...stateChanges(chain, partition, slice.state)];
    const written = await producer.transact({
      records: [
        ...(topicsOf(spec.output).length === 0 ? [] : slice.outputs),
        ...refused(service, source, slice, maxRecordBytes),
      ],
      ...(slice.encoded && { encoded: slice.encoded }),
      changelog: toChangelog(entries),
      maxRecordBytes,
      ...(consumed && { consumed }),
    });
    slice.state.commit();
    position.set(topic, slice.position);
    state.committed(written.get(changelogTopic ?? ""), others);
    if (unused.length > 0) unused = kept.unused();
  };
  /** Commits it all, or nothing when brokers refuse some of it: gives what. */
  const take = async (topic: string, slice: Slice, leaderEpoch?: number) => {
    const transaction = refusalOf(commit(topic, slice, leaderEpoch));
    const refusal = await withTimeout(TRANSACT_TIMEOUT_MS, "the transaction", transaction);
    service.supervisor.alive();
    // Perhaps a topic takes less than it did.
    if (refusal?.isExact === false) await kafka.inspect(readLimits);
    return refusal;
  };
  const process = async (topic: string, records: FetchedRecords, nextPosition: bigint) => {
    const limits = () => timeLimits(service, decided.get(topic) ?? NOTHING_DECIDED);
    const its = known(formats, topic);
    const slices = slicesOf(service, state, records, nextPosition, its, producer, fullness, limits);
    try {
      for (let next = slices.next(); !next.done && !isClosing; ) {
        const slice = next.value;
        // Up to a damaged batch, where it has been.
        const isEmpty = slice.position === known(position, topic);
        next = slices.next(isEmpty ? undefined : await take(topic, slice, records.leaderEpoch));
      }
    } catch (error) {
      if (error instanceof UnreadableBatchError) return error;
      throw error;
    }
    return undefined;
  };
  return {
    position: (topic) => known(position, topic),
    process: (topic, records, nextPosition) => {
      if (inFlight.has(topic)) return Promise.reject(new Error("the transaction before has not ended"));
      inFlight.add(topic);
      // One that failed leaves all behind it without effect: where things stand only Kafka knows.
      const processed = busy.then(() => process(topic, records, nextPosition)).finally(() => inFlight.delete(topic));
      busy = processed;
      busy.catch(() => {}); // whoever waits for it sees it
      return processed;
    },
    close: async () => {
      isClosing = true;
      await busy.catch(() => {});
      state.close();
      await sink.close();
    },
  };
}

function writtenBy({ output, deadLetterTopic, changelogTopic }: Service["spec"]): readonly string[] {
  const others = [deadLetterTopic, changelogTopic].filter((topic) => topic !== undefined);
  return [...topicsOf(output).map(({ topic }) => topic), ...others];
}

/** What of a transaction brokers refused; any other error is thrown. */
async function refusalOf(commit: Promise<void>): Promise<RefusedRecordsError | undefined> {
  try {
    await commit;
    return undefined;
  } catch (error) {
    if (error instanceof RefusedRecordsError) return error;
    throw error;
  }
}

function formatsOf({ spec: { output }, branches }: Service, input: Format = "number"): BatchFormats {
  switch (output.kind) {
    case "log":
      return { input, output: { kind: "log" }, stages: output.stages };
    case "file":
      return { input, output: { kind: "lines", format: output.format ?? "number" }, stages: false };
    case "topic":
    case "branches":
      return { input, output: { kind: "topics", branches }, stages: false };
    default:
      return output satisfies never;
  }
}

function known<T>(ofTopics: ReadonlyMap<string, T>, topic: string): T {
  const found = ofTopics.get(topic);
  if (found === undefined) throw new Error(`${topic}: not a topic of this service`);
  return found;
}

function refused(
  { spec, journal }: Service,
  source: TopicPartition,
  { poison, unreadable }: Slice,
  maxRecordBytes: ReadonlyMap<string, number>,
): OutgoingRecord[] {
  const { deadLetterTopic, name } = spec;
  const warn = (offset: bigint, problem: string) => {
    const outcome = deadLetterTopic ? `now in ${deadLetterTopic}` : "left out";
    journal.warn(`${source.topic}/${source.partition}@${offset}: ${problem}; ${outcome}`);
  };
  const [first] = poison;
  const others = poison.length > 1 ? `, and ${poison.length - 1} more soon after` : "";
  if (first) warn(first.record.offset, `${first.error.message}${others}`);
  if (unreadable) warn(unreadable.first, unreadable.message);
  if (deadLetterTopic === undefined) return [];
  const maxBytes = known(maxRecordBytes, deadLetterTopic);
  return [
    ...poison.map(({ record, error }) => deadLetter(deadLetterTopic, name, source, record, error, maxBytes)),
    ...(unreadable ? [deadLetterOfBatch(deadLetterTopic, name, source, unreadable)] : []),
  ];
}
