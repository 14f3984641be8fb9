import { connectKafka } from "../kafka/connect.ts";
import type { Inspector, TopicPartition } from "../kafka/kafka.ts";
import { type CountOptions, countRecords, type RecordCount } from "../runtime/record-count.ts";
import { withTimeout } from "../runtime/with-timeout.ts";

/** Longer than this nothing more is read; what is being read then is given a little longer. */
const COUNT_FOR_MS = 4_000;
const COUNT_TIMEOUT_MS = 6_000;

/** What of a partition is not read yet: offsets from `position` up to, and without, `end`. */
export interface UnreadRange extends TopicPartition {
  readonly position: number;
  readonly end: number;
  readonly idOf?: CountOptions["idOf"];
}

/** Counts what waits in each range; what cannot be read keeps its upper bound. */
export async function countLag(
  bootstrapServers: readonly string[],
  ranges: readonly UnreadRange[],
): Promise<readonly RecordCount[]> {
  const byOffsets = ranges.map(({ position, end }) => Math.max(0, end - position));
  const atMost = byOffsets.map((records) => ({ records, isExact: records === 0 }));
  if (atMost.every(({ isExact }) => isExact)) return atMost;
  const deadline = Date.now() + COUNT_FOR_MS;
  const isLate = () => Date.now() > deadline;
  const counted = askQuietly(bootstrapServers, COUNT_TIMEOUT_MS, (inspector) =>
    Promise.all(
      ranges.map(({ topic, partition, position, end, idOf }) => {
        const range = { topic, partition, from: BigInt(position), end: BigInt(end) };
        return countRecords(inspector, range, { idOf, isLate });
      }),
    ),
  );
  return counted.catch(() => atMost);
}

/** Asks Kafka as a command does, whose complaints are for nobody, for so long at most. */
export async function askQuietly<T>(
  bootstrapServers: readonly string[],
  timeoutMs: number,
  ask: (inspector: Inspector) => Promise<T>,
): Promise<T> {
  const kafka = connectKafka({
    endpoint: { addresses: bootstrapServers },
    clientId: "bramble",
    processingGuarantee: "exactly_once",
    onComplaint: () => {},
  });
  try {
    return await withTimeout(timeoutMs, "asking Kafka", kafka.inspect(ask));
  } finally {
    kafka.close();
  }
}

/** 12, or up to 1200. */
export function amount({ records, isExact }: RecordCount): string {
  return isExact ? String(records) : `up to ${records}`;
}
