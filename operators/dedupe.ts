import { createHash } from "node:crypto";
import { positiveDuration } from "./duration.ts";
import { exactNumber } from "./exact-number.ts";
import { boolean, fold, int, number, string, union } from "./operator.ts";
import { MAX_REMEMBERED } from "./state-size.ts";

type Scalar = number | string | boolean;
/** Of what `value` does not tell all: true when it is the digest of a text, or all digits of a number that no double holds. */
type Seen = readonly [value: Scalar, timestampMs: number, more?: true | string];

/** A longer text is remembered by its digest, and so are more digits, which stand beside a double. */
const MAX_TEXT_LENGTH = 64;
const MAX_DIGITS = 40;

/**
 * Drops a value that is equal to one that passed less than `within` of event time before or after it. Numbers are equal when all
 * of their digits are, also those beyond a double. Remembered are the last `among` values that passed, as far as they are not
 * `within` or more behind the newest, so that its state stays small.
 */
export const dedupe = fold({
  params: {
    within: positiveDuration().describe("An equal value less than this away in event time is a duplicate"),
    among: int().gte(1).lte(MAX_REMEMBERED).default(1000).describe("Maximum number of values to remember"),
  },
  value: union([number(), string(), boolean()]).describe("a number, a text, true or false"),
  exact: true,
  initial: [] as readonly Seen[],
  step: ({ within, among }, seen, value, { timestampMs, text }) => {
    const now = seenNow(value, timestampMs, text);
    const [stored, , known] = now;
    // A state from before has long texts as they were.
    const isEqual = ([each, , more]: Seen) => (each === stored && more === known) || (each === value && known === true);
    const isDuplicate = seen.some((each) => isEqual(each) && Math.abs(each[1] - timestampMs) < within);
    if (isDuplicate) return [seen, []];
    const passed: readonly Seen[] = [...seen, now];
    const newest = Math.max(...passed.map(([, time]) => time));
    return [passed.filter(([, time]) => newest - time < within).slice(-among), [value]];
  },
});

function seenNow(value: Scalar, timestampMs: number, text?: () => string): Seen {
  if (typeof value === "string" && value.length > MAX_TEXT_LENGTH) return [digestOf(value), timestampMs, true];
  const digits = typeof value === "number" && text ? digitsBeyond(value, text()) : undefined;
  return digits === undefined ? [value, timestampMs] : [value, timestampMs, digits];
}

/** Undefined for a number that the double is exactly. */
function digitsBeyond(double: number, text: string): string | undefined {
  const digits = exactNumber(text);
  if (digits === JSON.stringify(double)) return undefined;
  return digits.length > MAX_DIGITS ? digestOf(digits) : digits;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
