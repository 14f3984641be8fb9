/** Values on the topics are JSON numbers in UTF-8, so that every Kafka client reads and writes them. */

import { OperatorError } from "../operators/operator-error.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });
/** Two keys that differ in a byte order mark are two keys. */
const keyUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The greatest time that a Date can tell. */
const LAST_TIMESTAMP_MS = 8.64e15;

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

export function decodeValue(bytes: Uint8Array | null): number {
  if (bytes === null) throw new PoisonError("found no value (a tombstone), wanted a JSON number");
  if (bytes.length === 0) throw new PoisonError("found an empty value, wanted a JSON number");
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw new PoisonError(`found ${excerpt(bytes)}, wanted a JSON number`, { cause });
  }
  if (typeof value !== "number") throw new PoisonError(`found ${excerpt(bytes)}, wanted a JSON number`);
  if (!Number.isFinite(value)) {
    throw new PoisonError(`found ${excerpt(bytes)}, wanted a number that fits a double (at most 1.8e308)`);
  }
  return value;
}

/** The key as text, which names the state that belongs to it; null for a record without a key. */
export function decodeKey(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  try {
    return keyUtf8.decode(bytes);
  } catch (cause) {
    throw new PoisonError(`found ${excerpt(bytes)} as its key, wanted text in UTF-8`, { cause });
  }
}

/** Milliseconds since the epoch. A record of a producer that gives none has -1. */
export function decodeTimestamp(timestamp: string): number {
  const timestampMs = Number(timestamp);
  if (timestampMs >= 0 && timestampMs <= LAST_TIMESTAMP_MS) return timestampMs;
  throw new PoisonError(`found timestamp ${timestamp}, wanted milliseconds since 1970, at most ${LAST_TIMESTAMP_MS}`);
}

/** `operator` is the one that emitted the value. */
export function encodeValue(value: unknown, operator: string | undefined): string {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new OperatorError(operator ?? "", value, `emitted ${String(value)}, wanted a finite number`);
  }
  return JSON.stringify(value);
}

function excerpt(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 60));
  return bytes.length > 60 ? `${JSON.stringify(text)}... (${bytes.length} bytes)` : JSON.stringify(text);
}
