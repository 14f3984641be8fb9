import { positiveDuration } from "./duration.ts";
import { boolean, fold, int, number, string, union } from "./operator.ts";

type Scalar = number | string | boolean;
type Seen = readonly [value: Scalar, timestampMs: number];

/**
 * Drops a value that is equal to one that passed less than `within` of event time before or after it. Remembered are the last
 * `among` values that passed, as far as they are not `within` or more behind the newest, so that its state stays small.
 */
export const dedupe = fold({
  params: {
    within: positiveDuration().describe("An equal value less than this away in event time is a duplicate"),
    among: int().gte(1).lte(10_000).default(1000).describe("Maximum number of values to remember"),
  },
  value: union([number(), string(), boolean()]).describe("a number, a text, true or false"),
  initial: [] as readonly Seen[],
  step: ({ within, among }, seen, value, { timestampMs }) => {
    const isDuplicate = seen.some(([each, time]) => each === value && Math.abs(time - timestampMs) < within);
    if (isDuplicate) return [seen, []];
    const passed: readonly Seen[] = [...seen, [value, timestampMs]];
    const newest = Math.max(...passed.map(([, time]) => time));
    return [passed.filter(([, time]) => newest - time < within).slice(-among), [value]];
  },
});
