/** Digits, sign, point and exponent of a double, at most. */
const NUMBER_BYTES = 25;

/** The longest that JSON.stringify writes for one unit of UTF-16: a control character or half a pair, as \u001f. */
const CHARACTER_BYTES = 6;

/** Upper bound of the bytes that a plain value takes as JSON, without writing it. */
export function maxJsonBytes(value: unknown): number {
  if (typeof value === "number") return NUMBER_BYTES;
  if (typeof value === "string") return textBytes(value);
  if (typeof value !== "object" || value === null) return "false".length;
  let bytes = "[]".length;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) bytes += ",".length + maxJsonBytes(value[i]);
    return bytes;
  }
  // With every record: `Object.entries` would make lists of it first.
  for (const name in value)
    bytes += textBytes(name) + ":,".length + maxJsonBytes((value as Record<string, unknown>)[name]);
  return bytes;
}

function textBytes(text: string): number {
  return '""'.length + CHARACTER_BYTES * text.length;
}
