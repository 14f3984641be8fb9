import type { TopicPartition } from "../kafka/kafka.ts";
import { DURATION, toMilliseconds } from "../operators/duration.ts";

/** From where on records are to be read again. */
export type StartPoint =
  | { readonly kind: "beginning" }
  | { readonly kind: "ago"; readonly ms: number }
  | { readonly kind: "offset"; readonly offset: bigint };

/** What can be read again of one partition: offsets from `earliest` up to, and without, `end`. */
export interface ReadableRange extends TopicPartition {
  readonly earliest: bigint;
  readonly end: bigint;
  /** Of the first record with a timestamp as late as was asked for; the partition's end when there is none. */
  readonly since?: bigint;
}

/** What is to be read again of one partition. */
export interface OffsetRange extends TopicPartition {
  readonly from: bigint;
  /** Not of it any more. */
  readonly end: bigint;
  /** Whether there were records before `from`, which Kafka has taken away. */
  readonly isCut: boolean;
}

/** `beginning`, a time such as 90s, 1h or 2d, or an offset; undefined for anything else. */
export function parseStartPoint(text: string): StartPoint | undefined {
  if (text === "beginning") return { kind: "beginning" };
  if (DURATION.test(text)) return { kind: "ago", ms: toMilliseconds(text) };
  return /^\d{1,18}$/.test(text) ? { kind: "offset", offset: BigInt(text) } : undefined;
}

/**
 * Where to begin in each partition. An offset must be there in all of them; a time that lies before what there is begins
 * with what there is.
 * @param endIs what is at the end of a partition, for the message
 */
export function rangesFrom(from: StartPoint, partitions: readonly ReadableRange[], endIs: string): OffsetRange[] {
  if (from.kind === "offset") {
    const { offset } = from;
    if (partitions.some(({ earliest, end }) => offset < earliest || offset > end)) {
      throw new Error(outOfRange(offset, partitions, endIs));
    }
  }
  return partitions.map(({ topic, partition, earliest, end, since }) => {
    const start = startOf(from, { earliest, since });
    const isRead = start <= end;
    return {
      ...{ topic, partition, end },
      from: isRead ? start : end,
      isCut: from.kind !== "offset" && start === earliest && earliest > 0n,
    };
  });
}

function startOf(from: StartPoint, { earliest, since }: Pick<ReadableRange, "earliest" | "since">): bigint {
  switch (from.kind) {
    case "beginning":
      return earliest;
    case "ago":
      return since ?? earliest;
    case "offset":
      return from.offset;
    default:
      return from satisfies never;
  }
}

/** How many offsets that is: no fewer than there are records, as ends of transactions have one too. */
export function offsetCount(ranges: readonly OffsetRange[]): bigint {
  return ranges.reduce((sum, { from, end }) => sum + end - from, 0n);
}

function outOfRange(offset: bigint, partitions: readonly ReadableRange[], endIs: string): string {
  const ranges = partitions.map(({ topic, partition, earliest, end }) => {
    const before = earliest > 0n ? `; Kafka has deleted the records before ${earliest} (retention)` : "";
    return `  ${topic}/${partition}: ${earliest} to ${end}, ${endIs}${before}`;
  });
  const expected = partitions.length === 1 ? "expected one of" : "expected one that every partition has:";
  return [
    `offset ${offset} cannot be read; ${expected}`,
    ...ranges,
    "`--from beginning` reads all records, a time such as `--from 1h` only those since then.",
  ].join("\n");
}
