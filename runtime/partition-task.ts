import { deadLetter } from "./dead-letter.ts";
import type { IncomingRecord, OutgoingRecord, TopicPartition } from "./kafka/kafka.ts";
import type { Positions } from "./positions.ts";
import { type BatchFormats, type Processed, processBatch } from "./process-batch.ts";
import type { Service } from "./service.ts";
import { changelogOf, restoreState, stateChanges, unusedKeys } from "./state.ts";
import { within } from "./within.ts";

/** Long enough for a partition to get a new leader, shorter than the coordinator waits before it aborts by itself. */
const TRANSACT_WITHIN_MS = 25_000;

/** One input partition of a service: its transactional producer, its operators' state, and how far it has got. */
export interface PartitionTask {
  /** The first record still to process. */
  position(): bigint;
  /** Processes the records and commits outputs, state and position together. After an error the task is of no use. */
  process(records: readonly IncomingRecord[], nextPosition: bigint): Promise<void>;
  /** Waits for the transaction at hand, then lets go of the transactional id. */
  close(): Promise<void>;
}

/**
 * The order matters: first claim the transactional id, which fences a former holder and finishes its transaction, then
 * read state and position, which nobody else can change any more.
 */
export async function openTask(service: Service, source: TopicPartition, positions: Positions): Promise<PartitionTask> {
  const { spec, chain, kafka } = service;
  const { partition } = source;
  const { changelogTopic } = spec;
  const producer = await kafka.transactionalProducer({
    transactionalId: `${spec.groupId}-${partition}`,
    partition,
    copartitioned: changelogTopic === undefined ? [] : [changelogTopic],
  });
  const restored = await kafka
    .inspect(async (inspector) => {
      const changelog = await changelogOf(inspector, changelogTopic, partition);
      return { changelog, position: await positions.restore(inspector, changelog) };
    })
    .catch(async (error) => {
      await producer.close();
      throw error;
    });

  const state = restoreState(chain, partition, restored.changelog);
  let position = restored.position;
  // State of operators that the chain no longer has would come back, old, if they were put back one day.
  let obsolete = unusedKeys(chain, partition, restored.changelog, positions.key);
  const formats = formatsOf(spec);
  let inFlight = false;
  let busy: Promise<void> = Promise.resolve();

  const process = async (records: readonly IncomingRecord[], nextPosition: bigint) => {
    const processed = processBatch(chain, state, records, formats);
    const { consumed, changelog } = positions.moveTo(nextPosition);
    const entries = [
      ...obsolete.map((key) => ({ key, value: null })),
      ...stateChanges(chain, partition, processed.state),
      ...(changelog ? [changelog] : []),
    ];
    await printed(service, processed);
    await producer.transact({
      records: [
        ...outputsTo(service, processed),
        ...(changelogTopic === undefined ? [] : entries.map((entry) => ({ topic: changelogTopic, ...entry }))),
        ...refused(service, source, processed),
      ],
      ...(consumed && { consumed }),
    });
    processed.state.commit();
    position = nextPosition;
    obsolete = [];
  };
  return {
    position: () => position,
    process: (records, nextPosition) => {
      if (inFlight) return Promise.reject(new Error("the transaction before has not ended"));
      inFlight = true;
      const work = within(TRANSACT_WITHIN_MS, "the transaction", process(records, nextPosition)).finally(() => {
        inFlight = false;
      });
      busy = work.catch(() => {});
      return work;
    },
    close: async () => {
      await busy;
      await producer.close();
    },
  };
}

function formatsOf({ input, output }: Service["spec"]): BatchFormats {
  const stages = output.kind === "log" && output.stages;
  return {
    input: input.format ?? "number",
    output: output.kind === "log" ? "log" : (output.format ?? "number"),
    stages,
  };
}

function outputsTo({ spec: { output } }: Service, { outputs }: Processed): OutgoingRecord[] {
  if (output.kind !== "topic") return [];
  const { topic } = output;
  return outputs.map((each) => ({ topic, ...each }));
}

/** Printed before the offsets are committed: a crash in between prints again, but never leaves out. */
async function printed({ spec: { output }, print }: Service, { outputs, paths }: Processed): Promise<void> {
  if (output.kind !== "log") return;
  const lines = output.stages ? paths.map((path) => path.join(" -> ")) : outputs.map(({ value }) => value);
  if (lines.length > 0) await print(`${lines.join("\n")}\n`);
}

function refused({ spec, journal }: Service, source: TopicPartition, { poison }: Processed): OutgoingRecord[] {
  const { deadLetterTopic, name } = spec;
  const [first] = poison;
  if (first) {
    const where = `${source.topic}/${source.partition}@${first.record.offset}`;
    const others = poison.length > 1 ? `, and ${poison.length - 1} more soon after` : "";
    journal.warn(
      `${where}: ${first.error.message}${others}; ${deadLetterTopic ? `now in ${deadLetterTopic}` : "left out"}`,
    );
  }
  if (deadLetterTopic === undefined) return [];
  return poison.map(({ record, error }) => deadLetter(deadLetterTopic, name, source, record, error));
}
