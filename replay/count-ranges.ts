import { countRecords, type RecordCount } from "../runtime/record-count.ts";
import type { ReplayCluster } from "./connect.ts";
import type { OffsetRange } from "./start-point.ts";

/** A range with the records in it. */
export interface CountedRange extends OffsetRange {
  readonly count: RecordCount;
}

export function countRanges({ kafka }: ReplayCluster, ranges: readonly OffsetRange[]): Promise<CountedRange[]> {
  return kafka.inspect(async (inspector) => {
    const counted: CountedRange[] = [];
    for (const range of ranges) counted.push({ ...range, count: await countRecords(inspector, range) });
    return counted;
  });
}

/** All of them together. */
export function sumOf(ranges: readonly CountedRange[]): RecordCount {
  return {
    records: ranges.reduce((sum, { count }) => sum + count.records, 0),
    isExact: ranges.every(({ count }) => count.isExact),
  };
}
