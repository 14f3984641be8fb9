import type { IncomingRecord } from "../kafka/kafka.ts";

/**
 * Header of a dead letter that was put back into the topic that it came from: the consumer group that had refused it. The
 * topic's other readers have processed the record already.
 */
export const REPLAYED_FOR = "bramble.replayed-for";

/** Header beside it: which record it is, however often it was put back. */
export const REPLAYED_FROM = "bramble.replayed-from";

/** The records that are for this group, and without these headers, which are of no concern to those further on. */
export function addressedTo(groupId: string, records: readonly IncomingRecord[]): readonly IncomingRecord[] {
  if (!records.some(({ headers }) => REPLAYED_FOR in headers)) return records;
  return records.flatMap((record) => {
    const { [REPLAYED_FOR]: replayedFor, [REPLAYED_FROM]: from, ...headers } = record.headers;
    if (replayedFor === undefined) return [record];
    if (String(replayedFor.at(-1)) !== groupId) return [];
    return [{ ...record, headers, ...(from && { replayedFrom: String(from.at(-1)) }) }];
  });
}
