import { MAX_DEPTH } from "./format.ts";
import { TOO_DEEP_STATE } from "./frozen-state.ts";

/** Digits, sign, point and exponent of a double, at most. */
const NUMBER_BYTES = 25;

/** The longest that JSON.stringify writes for one unit of UTF-16: a control character or half a pair, as \u001f. */
const CHARACTER_BYTES = 6;

/** Upper bound of the bytes that a state takes as JSON, without writing it. Throws for one that has grown too deep. */
export function maxJsonBytes(value: unknown, depth = 0): number {
  if (typeof value === "number") return NUMBER_BYTES;
  if (typeof value === "string") return textBytes(value);
  if (typeof value !== "object" || value === null) return "false".length;
  // A part that was frozen before may lie in a state deeper than it did.
  if (depth === MAX_DEPTH) throw new Error(TOO_DEEP_STATE);
  let bytes = "[]".length;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) bytes += ",".length + maxJsonBytes(value[i], depth + 1);
    return bytes;
  }
  // With every record: `Object.entries` would make lists of it first.
  for (const name in value)
    bytes += textBytes(name) + ":,".length + maxJsonBytes((value as Record<string, unknown>)[name], depth + 1);
  return bytes;
}

function textBytes(text: string): number {
  return '""'.length + CHARACTER_BYTES * text.length;
}
