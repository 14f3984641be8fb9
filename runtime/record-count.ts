import type { IncomingRecord, Inspector, TopicPartition } from "../kafka/kafka.ts";
import { sizeOf } from "../kafka/size-of.ts";

/** How many records there are. */
export interface RecordCount {
  readonly records: number;
  /** False where they are too many to look at, or not all are decided: then there are no more than these. */
  readonly isExact: boolean;
}

/** What is read of a range to count it. */
const MAX_BYTES = 2 * 1024 * 1024;

/** Part of a partition: offsets from `from` up to, and without, `end`. */
export interface Range extends TopicPartition {
  readonly from: bigint;
  readonly end: bigint;
}

export interface CountOptions {
  /** What is the same counts once; undefined is what does not count. By default each counts. */
  readonly idOf?: ((record: IncomingRecord) => string | undefined) | undefined;
  /** Whether there is no time to read more. */
  readonly isLate?: () => boolean;
}

/**
 * Counts the committed records of a range by reading them, as far as they are not too many. Offsets alone do not tell: behind the last
 * record stands the end of its transaction, what was aborted stays in the log, and compaction leaves gaps.
 */
export async function countRecords(
  inspector: Pick<Inspector, "read">,
  { from, end, ...partition }: Range,
  { idOf = ({ offset }) => String(offset), isLate = () => false }: CountOptions = {},
): Promise<RecordCount> {
  const ids = new Set<string>();
  let [at, bytes] = [from, 0];
  try {
    while (at < end && bytes < MAX_BYTES && !isLate()) {
      const { records, nextOffset } = await inspector.read(partition, at);
      if (nextOffset === at) break;
      const found: string[] = [];
      for (const record of records.decode()) {
        bytes += sizeOf(record);
        const id = record.offset < end ? idOf(record) : undefined;
        if (id !== undefined) found.push(id);
      }
      for (const id of found) ids.add(id);
      at = nextOffset;
    }
  } catch {
    // What cannot be read now, or decoded, keeps its upper bound.
  }
  return { records: ids.size + (at < end ? Number(end - at) : 0), isExact: at >= end };
}
