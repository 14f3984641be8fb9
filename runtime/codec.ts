/** Values on the topics are text in UTF-8, JSON numbers above all, so that every Kafka client reads and writes them. */

import { isAscii } from "node:buffer";
import { isEventTime, LAST_TIME_MS } from "../operators/event-time.ts";
import { type Format, read } from "../operators/format.ts";

/** Leaves a byte order mark where it is: keys that differ in one are two keys. */
const exactUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const EXPECTED: Readonly<Record<Format, string>> = { number: "a JSON number", json: "JSON", text: "text in UTF-8" };

/** Why a record cannot be processed, and where it was found out; the stream goes on without the record. */
export class PoisonError extends Error {
  /** The operator that refused the record; undefined when its value could not be decoded. */
  readonly operator: string | undefined;

  constructor(message: string, options: { operator?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "PoisonError";
    this.operator = options.operator;
  }
}

/** The text of a value, with nothing left out. Throws a PoisonError when there is none. */
export function decodeText(bytes: Buffer | null, format: Format): string {
  if (bytes === null) throw new PoisonError(`expected ${EXPECTED[format]}, found no value (a tombstone)`);
  if (bytes.length === 0 && format !== "text")
    throw new PoisonError(`expected ${EXPECTED[format]}, found an empty value`);
  try {
    return asciiOf(bytes) ?? exactUtf8.decode(bytes);
  } catch (cause) {
    throw new PoisonError(`expected ${EXPECTED[format]}, found ${excerpt(bytes)}`, { cause });
  }
}

/** @param text what `decodeText` gives for the bytes */
export function decodeValue(bytes: Buffer | null, format: Format, text = decodeText(bytes, format)): unknown {
  try {
    return read(format, text);
  } catch (cause) {
    throw new PoisonError(`${(cause as Error).message}, found ${excerpt(bytes ?? Buffer.alloc(0))}`, { cause });
  }
}

/** The key as text, which names the state that belongs to it; null for a record without a key. */
export function decodeKey(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  try {
    return asciiOf(bytes) ?? exactUtf8.decode(bytes);
  } catch (cause) {
    throw new PoisonError(`expected a key of text in UTF-8, found ${excerpt(bytes)}`, { cause });
  }
}

/** Milliseconds since the epoch. A record of a producer that gives none has -1. */
export function decodeTimestamp(timestamp: string): number {
  const timestampMs = Number(timestamp);
  if (isEventTime(timestampMs)) return timestampMs;
  throw new PoisonError(`expected a timestamp in milliseconds since 1970, at most ${LAST_TIME_MS}, found ${timestamp}`);
}

/** Most text is plain ASCII, for which a TextDecoder does too much. */
function asciiOf(bytes: Buffer): string | undefined {
  return isAscii(bytes) ? bytes.toString("latin1") : undefined;
}

function excerpt(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 60));
  return bytes.length > 60 ? `${JSON.stringify(text)}... (${bytes.length} bytes)` : JSON.stringify(text);
}
