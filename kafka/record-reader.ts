import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  CRC_AT,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP_AT,
  RECORD_COUNT_AT,
  RECORDS_AT,
} from "./batch-layout.ts";
import { crc32c } from "./crc32c.ts";
import type { Headers, IncomingRecord, RecordBatch } from "./kafka.ts";

/** What was fetched is not what a producer wrote. */
export class CorruptBatchError extends Error {
  constructor(baseOffset: bigint, problem: string) {
    super(`the record batch at offset ${baseOffset} is damaged: ${problem}`);
    this.name = "CorruptBatchError";
  }
}

/** What no number tells exactly, and no date is. */
const TOO_LARGE = Number.NaN;

/**
 * Goes through the records of some batches, from an offset on, without making an object of each: after `next`, the
 * fields tell where in `bytes` the parts of the record are. The start of a key or value that is null is -1.
 */
export class RecordReader {
  bytes: Buffer = Buffer.alloc(0);
  /** Milliseconds since the epoch; NaN when the number is too large to be exact. */
  timestampMs = 0;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  hasHeaders = false;

  readonly #batches: readonly RecordBatch[];
  readonly #from: bigint;
  #batch: RecordBatch | undefined;
  #nextBatch = 0;
  #left = 0;
  #skipBelow = 0;
  #baseTimestamp = 0;
  #isLogAppendTime = false;
  #at = 0;
  #recordStart = 0;
  #headersStart = 0;
  #end = 0;
  #offsetDelta = 0;

  constructor(batches: readonly RecordBatch[], from = 0n) {
    this.#batches = batches;
    this.#from = from;
  }

  /** Moves to the next record; false at the end. Throws a CorruptBatchError. */
  next(): boolean {
    for (;;) {
      if (this.#left === 0) {
        if (this.#batch && this.#at !== this.bytes.length) this.#damaged("it is longer than its records");
        if (!this.#openNext()) return false;
        continue;
      }
      this.#left--;
      this.#read();
      if (this.#offsetDelta >= this.#skipBelow) return true;
    }
  }

  get offset(): bigint {
    return (this.#batch?.baseOffset ?? 0n) + BigInt(this.#offsetDelta);
  }

  get key(): Buffer | null {
    return this.keyStart < 0 ? null : this.bytes.subarray(this.keyStart, this.keyEnd);
  }

  get value(): Buffer | null {
    return this.valueStart < 0 ? null : this.bytes.subarray(this.valueStart, this.valueEnd);
  }

  /** Milliseconds since the epoch, exact whatever the number is. */
  get timestamp(): string {
    if (!Number.isNaN(this.timestampMs)) return String(this.timestampMs);
    const { bytes } = this.#opened();
    if (this.#isLogAppendTime) return String(bytes.readBigInt64BE(MAX_TIMESTAMP_AT));
    return String(BigInt.asIntN(64, bytes.readBigInt64BE(BASE_TIMESTAMP_AT) + this.#timestampDelta()));
  }

  /** The record at hand as an object. */
  record(): IncomingRecord {
    const { offset, timestamp, key, value } = this;
    return { offset, timestamp, key, value, headers: this.hasHeaders ? this.#headers() : {} };
  }

  #opened(): RecordBatch {
    if (this.#batch === undefined) throw new Error("next() comes first");
    return this.#batch;
  }

  #openNext(): boolean {
    const batch = this.#batches[this.#nextBatch++];
    if (batch === undefined) return false;
    this.#batch = batch;
    const { baseOffset, bytes, decompressed } = batch;
    if (bytes.length < RECORDS_AT) this.#damaged(`it has only ${bytes.length} bytes`);
    const [found, expected] = [crc32c(bytes, ATTRIBUTES_AT), bytes.readUInt32BE(CRC_AT)];
    if (found !== expected) this.#damaged(`its checksum is ${found}, expected ${expected}`);
    this.#isLogAppendTime = (bytes.readInt16BE(ATTRIBUTES_AT) & LOG_APPEND_TIME) !== 0;
    this.#baseTimestamp = readInt64(bytes, this.#isLogAppendTime ? MAX_TIMESTAMP_AT : BASE_TIMESTAMP_AT);
    this.#left = bytes.readInt32BE(RECORD_COUNT_AT);
    this.#skipBelow = Number(this.#from - baseOffset);
    this.bytes = decompressed ?? bytes;
    this.#at = decompressed ? 0 : RECORDS_AT;
    return true;
  }

  #read(): void {
    const length = this.#varint();
    this.#end = this.#at + length;
    if (length < 0 || this.#end > this.bytes.length) this.#damaged("a record goes past its end");
    this.#at++; // attributes, which no record has
    this.#recordStart = this.#at;
    const delta = this.#varlong();
    this.timestampMs = this.#isLogAppendTime ? this.#baseTimestamp : this.#baseTimestamp + delta;
    this.#offsetDelta = this.#varint();
    const keyLength = this.#varint();
    this.keyStart = keyLength < 0 ? -1 : this.#at;
    this.keyEnd = keyLength < 0 ? -1 : this.#skip(keyLength);
    const valueLength = this.#varint();
    this.valueStart = valueLength < 0 ? -1 : this.#at;
    this.valueEnd = valueLength < 0 ? -1 : this.#skip(valueLength);
    this.#headersStart = this.#at;
    this.hasHeaders = this.#varint() > 0;
    if (this.hasHeaders ? this.#at > this.#end : this.#at !== this.#end)
      this.#damaged("a record is not as long as its parts");
    this.#at = this.#end;
  }

  #skip(length: number): number {
    this.#at += length;
    if (this.#at > this.#end) this.#damaged("a part of a record goes past its end");
    return this.#at;
  }

  #headers(): Headers {
    const { bytes } = this;
    const after = this.#at;
    this.#at = this.#headersStart;
    const headers: Record<string, Buffer[]> = {};
    for (let count = this.#varint(); count > 0; count--) {
      const [name = Buffer.alloc(0), value = Buffer.alloc(0)] = [this.#part(), this.#part()];
      // Nobody can write a null header with kafkajs, so it becomes an empty one here.
      const key = name.toString();
      if (Object.hasOwn(headers, key)) headers[key]?.push(value);
      else
        Object.defineProperty(headers, key, { value: [value], enumerable: true, configurable: true, writable: true });
    }
    this.bytes = bytes;
    this.#at = after;
    return headers;
  }

  #part(): Buffer | undefined {
    const length = this.#varint();
    return length < 0 ? undefined : this.bytes.subarray(this.#at, this.#skip(length));
  }

  /** A zigzag number of at most 32 bits, as lengths are. */
  #varint(): number {
    const { bytes } = this;
    let bits = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[this.#at++];
      if (byte === undefined) break;
      bits |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (bits >>> 1) ^ -(bits & 1);
    }
    return this.#damaged("a number has no end");
  }

  /** A zigzag number of at most 64 bits: NaN when it is too large to be exact. */
  #varlong(): number {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) return TOO_LARGE;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
      scale *= 128;
    }
    return this.#damaged("a number has no end");
  }

  #timestampDelta(): bigint {
    let bits = 0n;
    for (let at = this.#recordStart, shift = 0n; ; at++, shift += 7n) {
      const byte = this.bytes[at] ?? 0;
      bits |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return (bits >> 1n) ^ -(bits & 1n);
    }
  }

  #damaged(problem: string): never {
    throw new CorruptBatchError(this.#batch?.baseOffset ?? 0n, problem);
  }
}

/** NaN when the number is too large to be exact. */
function readInt64(bytes: Buffer, at: number): number {
  const value = bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  return Number.isSafeInteger(value) ? value : TOO_LARGE;
}

/** All records of some batches, from an offset on. */
export function recordsOf(batches: readonly RecordBatch[], from?: bigint): IncomingRecord[] {
  const reader = new RecordReader(batches, from);
  const records: IncomingRecord[] = [];
  while (reader.next()) records.push(reader.record());
  return records;
}
