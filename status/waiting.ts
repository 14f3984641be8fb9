import { connectKafka } from "../runtime/kafka/connect.ts";
import type { Inspector, TopicPartition } from "../runtime/kafka/kafka.ts";
import { within } from "../runtime/within.ts";

const LOOK_WITHIN_MS = 5_000;

/** How many records wait in a stretch of a partition. */
export interface Waiting {
  readonly records: number;
  /** False where they are too many to look at: then no more than these, as the end of a transaction takes an offset too. */
  readonly isExact: boolean;
}

/** What of a partition is not read yet: offsets from `position` up to, and without, `end`. */
export interface Unread extends TopicPartition {
  readonly position: number;
  readonly end: number;
}

/**
 * Counts what waits in each stretch. Offsets alone do not tell: behind the last record stands the end of its transaction,
 * and what was aborted stays in the log. So a piece of what is not read is fetched, and looked at.
 */
export async function countWaiting(
  bootstrapServers: readonly string[],
  stretches: readonly Unread[],
): Promise<readonly Waiting[]> {
  const byOffsets = stretches.map(({ position, end }) => Math.max(0, end - position));
  const atMost = byOffsets.map((records) => ({ records, isExact: records === 0 }));
  if (atMost.every(({ isExact }) => isExact)) return atMost;
  const kafka = connectKafka({
    bootstrapServers,
    clientId: "bramble",
    processingGuarantee: "exactly_once",
    onComplaint: () => {}, // what cannot be read keeps its upper bound
  });
  const counted = kafka.inspect((inspector) =>
    Promise.all(stretches.map(async (each, i) => (await counts(inspector, each)) ?? atMost[i] ?? none)),
  );
  return within(LOOK_WITHIN_MS, "looking at what waits", counted).catch(() => atMost);
}

const none: Waiting = { records: 0, isExact: true };

/** Undefined where one fetch does not reach the end. */
async function counts(inspector: Inspector, unread: Unread): Promise<Waiting | undefined> {
  const { position, end } = unread;
  if (end <= position) return none;
  const fetched = await inspector.read(unread, BigInt(position)).catch(() => undefined);
  if (fetched === undefined || fetched.nextOffset < end) return undefined;
  const waiting = fetched.records.decode().filter(({ offset }) => offset < end);
  return { records: waiting.length, isExact: true };
}

/** 12, or up to 1200. */
export function amount({ records, isExact }: Waiting): string {
  return isExact ? String(records) : `up to ${records}`;
}
