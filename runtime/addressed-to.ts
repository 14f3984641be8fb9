import type { IncomingRecord } from "../kafka/kafka.ts";

/**
 * Header of a dead letter that was put back into the topic that it came from: the consumer group that had refused it. The
 * topic's other readers have processed the record already.
 */
export const REPLAYED_FOR = "bramble.replayed-for";

/** Header beside it: which record it is, however often it was put back. */
export const REPLAYED_FROM = "bramble.replayed-from";

/** The records that are for this group, and without these headers, which are of no concern to those further on. */
export function* addressedTo(groupId: string, records: Iterable<IncomingRecord>): Generator<IncomingRecord> {
  for (const record of records) {
    if (!(REPLAYED_FOR in record.headers)) yield record;
    else {
      const { [REPLAYED_FOR]: replayedFor, [REPLAYED_FROM]: from, ...headers } = record.headers;
      if (String(replayedFor?.at(-1)) !== groupId) continue;
      yield { ...record, headers, ...(from && { replayedFrom: String(from.at(-1)) }) };
    }
  }
}
