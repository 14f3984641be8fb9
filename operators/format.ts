import { OperatorError } from "./operator-error.ts";

/** How values are written: as a JSON number, as any JSON value, or as text that is taken as it is. */
export const FORMATS = ["number", "json", "text"] as const;
export type Format = (typeof FORMATS)[number];

const EXPECTED_TEXT: Readonly<Record<Format, string>> = { number: "a JSON number", json: "JSON", text: "text" };
const EXPECTED_VALUE: Readonly<Record<Format, string>> = {
  number: "a finite number",
  json: "JSON: null, true, false, a finite number, text, or lists and objects of these",
  text: "text",
};

/** Some programs begin a text with it; JSON allows to ignore it (RFC 8259, 8.1). */
const BYTE_ORDER_MARK = "\ufeff";

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
    throw new Error(
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
  if (!fits(format, value))
    throw new OperatorError(operator, value, `emitted ${shown(value)}; expected ${EXPECTED_VALUE[format]}`);
  return format === "text" ? (value as string) : (json?.() ?? JSON.stringify(value));
}

/** The text that stands for a value on a line of its own, for a file that is read line by line. */
export function writeLine(format: Format, value: unknown, operator = "", json?: () => string): string {
  const text = write(format, value, operator, json);
  if (!text.includes("\n")) return text;
  if (format !== "text") return inOneLine(text);
  throw new OperatorError(
    operator,
    value,
    `emitted ${shown(JSON.stringify(value))}; expected text without a line break`,
  );
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

function isJson(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // Without a list of the values, as this is asked twice for each record.
  for (const name in value) if (!isJson((value as Record<string, unknown>)[name])) return false;
  return true;
}

function shown(value: unknown): string {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
