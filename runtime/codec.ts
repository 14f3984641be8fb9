/** Values on the topics are JSON numbers in UTF-8, so that every Kafka client reads and writes them. */

const utf8 = new TextDecoder("utf-8", { fatal: true });

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

/** `operator` is the one that emitted the value. */
export function encodeValue(value: unknown, operator: string | undefined): string {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new PoisonError(`emitted ${String(value)}, wanted a finite number`, { ...(operator && { operator }) });
  }
  return JSON.stringify(value);
}

function excerpt(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 60));
  return bytes.length > 60 ? `${JSON.stringify(text)}... (${bytes.length} bytes)` : JSON.stringify(text);
}
