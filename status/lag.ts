import { connectKafka } from "../runtime/kafka/connect.ts";
import type { Inspector, TopicPartition } from "../runtime/kafka/kafka.ts";
import { withTimeout } from "../runtime/with-timeout.ts";

const COUNT_TIMEOUT_MS = 5_000;

/** How many records wait in a range of a partition. */
export interface Lag {
  readonly records: number;
  /** False where they are too many to look at: then no more than these, as the end of a transaction takes an offset too. */
  readonly isExact: boolean;
}

/** What of a partition is not read yet: offsets from `position` up to, and without, `end`. */
export interface UnreadRange extends TopicPartition {
  readonly position: number;
  readonly end: number;
}

/**
 * Counts what waits in each range. Offsets alone do not tell: behind the last record stands the end of its transaction,
 * and what was aborted stays in the log. So a piece of what is not read is fetched, and looked at.
 */
export async function countLag(
  bootstrapServers: readonly string[],
  ranges: readonly UnreadRange[],
): Promise<readonly Lag[]> {
  const byOffsets = ranges.map(({ position, end }) => Math.max(0, end - position));
  const atMost = byOffsets.map((records) => ({ records, isExact: records === 0 }));
  if (atMost.every(({ isExact }) => isExact)) return atMost;
  const kafka = connectKafka({
    bootstrapServers,
    clientId: "bramble",
    processingGuarantee: "exactly_once",
    onComplaint: () => {}, // what cannot be read keeps its upper bound
  });
  const counted = kafka.inspect((inspector) =>
    Promise.all(ranges.map(async (each, i) => (await counts(inspector, each)) ?? atMost[i] ?? none)),
  );
  return withTimeout(COUNT_TIMEOUT_MS, "looking at what waits", counted).catch(() => atMost);
}

const none: Lag = { records: 0, isExact: true };

/** Undefined where one fetch does not reach the end. */
async function counts(inspector: Inspector, range: UnreadRange): Promise<Lag | undefined> {
  const { position, end } = range;
  if (end <= position) return none;
  const fetched = await inspector.read(range, BigInt(position)).catch(() => undefined);
  if (fetched === undefined || fetched.nextOffset < end) return undefined;
  const waiting = fetched.records.decode().filter(({ offset }) => offset < end);
  return { records: waiting.length, isExact: true };
}

/** 12, or up to 1200. */
export function amount({ records, isExact }: Lag): string {
  return isExact ? String(records) : `up to ${records}`;
}
