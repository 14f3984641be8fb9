import { positiveDuration } from "./duration.ts";
import { exactNumber } from "./exact-number.ts";
import { boolean, fold, int, number, string, union } from "./operator.ts";

type Scalar = number | string | boolean;
/** Of a number that no double holds, all of its digits follow. */
type Seen = readonly [value: Scalar, timestampMs: number, exact?: string];

/**
 * Drops a value that is equal to one that passed less than `within` of event time before or after it. Numbers are equal when all
 * of their digits are, also those beyond a double. Remembered are the last `among` values that passed, as far as they are not `within` or more behind the newest, so that its state stays small.
 */
export const dedupe = fold({
  params: {
    within: positiveDuration().describe("An equal value less than this away in event time is a duplicate"),
    among: int().gte(1).lte(10_000).default(1000).describe("Maximum number of values to remember"),
  },
  value: union([number(), string(), boolean()]).describe("a number, a text, true or false"),
  exact: true,
  initial: [] as readonly Seen[],
  step: ({ within, among }, seen, value, { timestampMs, text }) => {
    const digits = typeof value === "number" && text ? digitsBeyond(value, text()) : undefined;
    const isDuplicate = seen.some(
      ([each, time, exact]) => each === value && exact === digits && Math.abs(time - timestampMs) < within,
    );
    if (isDuplicate) return [seen, []];
    const passed: readonly Seen[] = [
      ...seen,
      digits === undefined ? [value, timestampMs] : [value, timestampMs, digits],
    ];
    const newest = Math.max(...passed.map(([, time]) => time));
    return [passed.filter(([, time]) => newest - time < within).slice(-among), [value]];
  },
});

/** Undefined for a number that the double is exactly. */
function digitsBeyond(double: number, text: string): string | undefined {
  const digits = exactNumber(text);
  return digits === JSON.stringify(double) ? undefined : digits;
}
