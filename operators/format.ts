import { OperatorError } from "./operator-error.ts";
import { shown } from "./shown.ts";

/** How values are written: as a JSON number, as any JSON value, or as text that is taken as it is. */
export const FORMATS = ["number", "json", "text"] as const;
export type Format = (typeof FORMATS)[number];

/**
 * How many lists and objects may stand in one another. What walks through a value, here and in V8, takes a piece of the stack
 * for each, and the stack ends at some 4,000.
 */
export const MAX_DEPTH = 1000;
const TOO_DEEP = `JSON with at most ${MAX_DEPTH} lists and objects in one another`;

const EXPECTED_TEXT: Readonly<Record<Format, string>> = { number: "a JSON number", json: "JSON", text: "text" };
const EXPECTED_VALUE: Readonly<Record<Format, string>> = {
  number: "a finite number",
  json: "JSON: null, true, false, a finite number, text, or lists and objects of these",
  text: "text",
};

/** Some programs begin a text with it; JSON allows to ignore it (RFC 8259, 8.1). */
const BYTE_ORDER_MARK = "\ufeff";

/** Why a value of the right format is refused all the same. */
export class LimitError extends Error {}

/** The value that a text stands for. Throws an Error that says what was expected. */
export function read(format: Format, text: string): unknown {
  if (format === "text") return text;
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch (cause) {
    throw new Error(`expected ${EXPECTED_TEXT[format]}`, { cause });
  }
  if (format === "number" && typeof value !== "number") throw new Error(`expected ${EXPECTED_TEXT[format]}`);
  if (!isJson(value)) {
    if (isTooDeep(value)) throw new LimitError(`expected ${TOO_DEEP}`);
    throw new LimitError(
      `expected ${format === "number" ? "a number that fits" : "numbers that fit"} a double (at most 1.8e308)`,
    );
  }
  return value;
}

/**
 * The text that stands for a value. Throws an OperatorError when there is none; `operator` is who emitted the value.
 * @param json what stands for it as JSON, if that is known
 */
export function write(format: Format, value: unknown, operator = "", json?: () => string): string {
  if (!fits(format, value)) {
    const expected = format === "json" && isTooDeep(value) ? TOO_DEEP : EXPECTED_VALUE[format];
    throw new OperatorError(operator, value, `emitted ${shown(value)}; expected ${expected}`);
  }
  return format === "text" ? (value as string) : (json?.() ?? JSON.stringify(value));
}

/** The text that stands for a value on a line of its own, for a file that is read line by line. */
export function writeLine(format: Format, value: unknown, operator = "", json?: () => string): string {
  const text = write(format, value, operator, json);
  if (!text.includes("\n")) return text;
  if (format !== "text") return inOneLine(text);
  throw new OperatorError(operator, value, `emitted ${shown(value)}; expected text without a line break`);
}

/** A value as a log shows it: text as it is, anything else as JSON. */
export function writeToLog(value: unknown, operator?: string, json?: () => string): string {
  return typeof value === "string" ? write("text", value, operator) : inOneLine(write("json", value, operator, json));
}

/** JSON without its line breaks, and the white space around them: text has none inside, only escapes. */
export function inOneLine(json: string): string {
  if (!/[\r\n]/.test(json)) return json;
  return json
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .join("");
}

/** Whether a value can be written so. */
export function fits(format: Format, value: unknown): boolean {
  if (format === "json") return isJson(value);
  return format === "text" ? typeof value === "string" : typeof value === "number" && Number.isFinite(value);
}

function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isJson(value[i], depth + 1)) return false;
    return true;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // Without a list of the values, as this is asked twice for each record.
  for (const name in value) if (!isJson((value as Record<string, unknown>)[name], depth + 1)) return false;
  return true;
}

/** Also of a value that has itself as a part. */
function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth === MAX_DEPTH) return true;
  for (const part of Object.values(value)) if (isTooDeep(part, depth + 1)) return true;
  return false;
}
