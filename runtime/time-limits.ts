import { toMilliseconds } from "../operators/duration.ts";
import { ANY_TIME, aheadOf, DEFAULT_MAX_AHEAD, type TimeLimit } from "../operators/time-limit.ts";
import { parseDeadLetter } from "./dead-letter.ts";
import type { Inspector, TopicPartition } from "./kafka/kafka.ts";
import type { Service } from "./service.ts";

/** Up to when the event times of a partition's records are believed. */
export interface TimeLimits {
  of(offset: bigint): TimeLimit;
  /** That of all records from an offset up to, and without, another one; undefined when they differ. */
  ofAll(from: bigint, end: bigint): TimeLimit | undefined;
}

/** What was decided of a partition's records that are read again. */
export interface Decided {
  /** All records before this offset were read before. */
  readonly before: bigint;
  /** Those of them, from the position on, that were refused as ahead of the clock. */
  readonly refused: ReadonlySet<bigint>;
}

export const NOTHING_DECIDED: Decided = { before: 0n, refused: new Set() };

/** The clock has moved on since: it would let in what was refused. */
const REFUSED_BEFORE: TimeLimit = {
  latestMs: -1,
  problem: (timestampMs) => {
    const found = `event time ${new Date(timestampMs).toISOString()} was too far ahead of the clock when it was first read`;
    return `${found}, so a replay refuses it too; put back as a dead letter, it is compared with the clock again`;
  },
};

/** With the clock as it is now; what was decided before holds. */
export function timeLimits({ clock, spec }: Pick<Service, "clock" | "spec">, decided: Decided): TimeLimits {
  const { maxAheadMs = toMilliseconds(DEFAULT_MAX_AHEAD) } = spec;
  const nowMs = clock.nowMs();
  const now = nowMs === undefined ? ANY_TIME : aheadOf(nowMs, maxAheadMs);
  const of = (offset: bigint) => {
    if (offset >= decided.before) return now;
    return decided.refused.has(offset) ? REFUSED_BEFORE : ANY_TIME;
  };
  const refusedIn = (from: bigint, end: bigint) => [...decided.refused].some((each) => from <= each && each < end);
  return {
    of,
    ofAll: (from, end) => {
      if (from >= decided.before) return now;
      return end > decided.before || refusedIn(from, end) ? undefined : ANY_TIME;
    },
  };
}

/** @param before all records before it were read once, as the position's note says */
export async function readDecided(
  { spec, supervisor }: Pick<Service, "spec" | "supervisor">,
  inspector: Inspector,
  source: TopicPartition,
  position: bigint,
  before: bigint,
): Promise<Decided> {
  const refused = new Set<bigint>();
  const topic = spec.decidedIn ?? spec.deadLetterTopic;
  if (position >= before || topic === undefined) return { before, refused };
  const deadLetters = { topic, partition: 0 };
  await inspector.readToEnd(deadLetters, await inspector.earliestOffset(deadLetters), (record) => {
    supervisor.alive();
    const deadLetter = parseDeadLetter(record);
    // An operator's result is none of the records that are read again.
    if (deadLetter === undefined || !deadLetter.isAhead || deadLetter.isResult) return;
    const { topic: of, partition, offset } = deadLetter.at;
    const isReadAgain = of === source.topic && partition === source.partition && offset >= position && offset < before;
    if (isReadAgain) refused.add(offset);
  });
  return { before, refused };
}
