import { createHash } from "node:crypto";
import { positiveDuration } from "./duration.ts";
import { boolean, fold, int, number, string, union } from "./operator.ts";
import { MAX_REMEMBERED } from "./state-size.ts";

type Scalar = number | string | boolean;
type Seen = readonly [value: Scalar, timestampMs: number, isDigest?: true];

/** A longer text is remembered by its digest. */
const MAX_TEXT_LENGTH = 64;

/**
 * Drops a value that is equal to one that passed less than `within` of event time before or after it. Remembered are the last
 * `among` values that passed, as far as they are not `within` or more behind the newest, so that its state stays small.
 */
export const dedupe = fold({
  params: {
    within: positiveDuration().describe("An equal value less than this away in event time is a duplicate"),
    among: int().gte(1).lte(MAX_REMEMBERED).default(1000).describe("Maximum number of values to remember"),
  },
  value: union([number(), string(), boolean()]).describe("a number, a text, true or false"),
  initial: [] as readonly Seen[],
  step: ({ within, among }, seen, value, { timestampMs }) => {
    const digest = typeof value === "string" && value.length > MAX_TEXT_LENGTH ? digestOf(value) : undefined;
    const isEqual = ([each, , isDigest]: Seen) => each === (isDigest ? digest : value);
    const isDuplicate = seen.some((each) => isEqual(each) && Math.abs(each[1] - timestampMs) < within);
    if (isDuplicate) return [seen, []];
    const now: Seen = digest === undefined ? [value, timestampMs] : [digest, timestampMs, true];
    const passed: readonly Seen[] = [...seen, now];
    const newest = Math.max(...passed.map(([, time]) => time));
    return [passed.filter(([, time]) => newest - time < within).slice(-among), [value]];
  },
});

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
