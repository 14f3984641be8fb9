import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  CODEC,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP_AT,
  RECORD_COUNT_AT,
  RECORDS_AT,
} from "./batch-layout.ts";
import { decompress } from "./codecs.ts";
import { crc32c } from "./crc32c.ts";
import { DecompressionError } from "./decompressed-output.ts";
import { UnreadableBatchError } from "./errors.ts";
import type { Headers, IncomingRecord, RecordBatch } from "./kafka.ts";

/**
 * A record that was compressed may have so many bytes, and any record so many headers: in memory JSON takes up to 25 times what
 * it takes in a record, and a header 100 bytes at least. What is not compressed is as large as its topic allows
 * (`max.message.bytes`). Producers by default refuse records over 1 MB before they compress them (`max.request.size`).
 */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;
export const MAX_HEADERS = 10_000;

/** Of the key, and of the value, of a record that is too large: as much as a dead-letter topic takes by default. */
const KEPT_BYTES = 1024 * 1024;

/**
 * What the batch was decompressed to that was opened last, for whoever goes on in it when a transaction was full. Of one
 * batch alone, however many partitions are read: each may take as much as it may.
 */
let opened: { readonly batch: RecordBatch; readonly records: Buffer } | undefined;

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
  /** Why the record is not to be processed; `record` leaves most of it out. */
  refusal: string | undefined;

  readonly #batches: readonly RecordBatch[];
  readonly #from: bigint;
  #batch: RecordBatch | undefined;
  #nextBatch = 0;
  #left = 0;
  #skipBelow = 0;
  #lastOffsetDelta = 0;
  #isCompressed = false;
  #baseTimestamp = 0;
  #isLogAppendTime = false;
  #at = 0;
  #recordStart = 0;
  #headersStart = 0;
  #end = 0;
  #offsetDelta = -1;

  constructor(batches: readonly RecordBatch[], from = 0n) {
    this.#batches = batches;
    this.#from = from;
  }

  /** Moves to the next record; false at the end. Throws an {@link UnreadableBatchError}. */
  next(): boolean {
    for (;;) {
      if (this.#left === 0) {
        if (this.#batch && this.#at !== this.bytes.length) this.#unreadable("it is longer than its records");
        if (opened?.batch === this.#batch) opened = undefined;
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

  /** The record at hand as an object. Of one that was compressed its parts are copies, which keep no more than themselves. */
  record(): IncomingRecord {
    const { offset, timestamp, key, value, refusal } = this;
    const bytes = this.#end - this.#recordStart;
    if (refusal !== undefined) {
      const kept = key === null || key.length > KEPT_BYTES ? null : Buffer.from(key);
      const part = value && Buffer.from(value.subarray(0, KEPT_BYTES));
      return { offset, timestamp, key: kept, value: part, headers: {}, refusal: { why: refusal, bytes } };
    }
    const headers = this.hasHeaders ? this.#headers() : {};
    return { offset, timestamp, key: this.#kept(key), value: this.#kept(value), headers };
  }

  #kept<T extends Buffer | null>(part: T): T | Buffer {
    return part !== null && this.#isCompressed ? Buffer.from(part) : part;
  }

  #opened(): RecordBatch {
    if (this.#batch === undefined) throw new Error("next() comes first");
    return this.#batch;
  }

  #openNext(): boolean {
    const batch = this.#batches[this.#nextBatch++];
    if (batch === undefined) return false;
    this.#batch = batch;
    this.#offsetDelta = -1;
    this.#lastOffsetDelta = 0;
    const { baseOffset, bytes } = batch;
    this.#skipBelow = Number(this.#from - baseOffset);
    if (bytes.length < RECORDS_AT) this.#damaged(`it has only ${bytes.length} bytes`);
    // Read to its end for the transaction before: it need not be decompressed again.
    this.#lastOffsetDelta = Math.max(0, bytes.readInt32BE(LAST_OFFSET_DELTA_AT));
    if (this.#lastOffsetDelta < this.#skipBelow) {
      this.#batch = undefined;
      return true;
    }
    const [found, expected] = [crc32c(bytes, ATTRIBUTES_AT), bytes.readUInt32BE(CRC_AT)];
    if (found !== expected) this.#damaged(`its checksum is ${found}, expected ${expected}`);
    const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
    this.#isLogAppendTime = (attributes & LOG_APPEND_TIME) !== 0;
    this.#baseTimestamp = readInt64(bytes, this.#isLogAppendTime ? MAX_TIMESTAMP_AT : BASE_TIMESTAMP_AT);
    const count = bytes.readInt32BE(RECORD_COUNT_AT);
    if (count < 0 || count - 1 > this.#lastOffsetDelta) this.#unreadable(`it says that it has ${count} records`);
    this.#left = count;
    const codec = attributes & CODEC;
    // One that compaction has emptied has nothing to decompress.
    this.#isCompressed = codec !== 0 && count > 0;
    this.bytes = this.#isCompressed ? this.#decompressed(batch, codec) : bytes;
    this.#at = this.#isCompressed ? 0 : RECORDS_AT;
    return true;
  }

  #decompressed(batch: RecordBatch, codec: number): Buffer {
    if (opened?.batch === batch) return opened.records;
    opened = undefined;
    try {
      opened = { batch, records: decompress(codec, batch.bytes.subarray(RECORDS_AT)) };
      return opened.records;
    } catch (error) {
      if (error instanceof DecompressionError) this.#unreadable(error.message);
      throw error;
    }
  }

  #read(): void {
    const length = this.#varint();
    this.#end = this.#at + length;
    if (length < 0 || this.#end > this.bytes.length) this.#unreadable("a record goes past its end");
    this.#at++; // attributes, which no record has
    this.#recordStart = this.#at;
    const delta = this.#varlong();
    this.timestampMs = this.#isLogAppendTime ? this.#baseTimestamp : this.#baseTimestamp + delta;
    const offsetDelta = this.#varint();
    if (offsetDelta <= this.#offsetDelta || offsetDelta > this.#lastOffsetDelta)
      this.#unreadable(`the offset of a record is ${offsetDelta} behind its first`);
    const keyLength = this.#varint();
    this.keyStart = keyLength < 0 ? -1 : this.#at;
    this.keyEnd = keyLength < 0 ? -1 : this.#skip(keyLength);
    const valueLength = this.#varint();
    this.valueStart = valueLength < 0 ? -1 : this.#at;
    this.valueEnd = valueLength < 0 ? -1 : this.#skip(valueLength);
    this.#headersStart = this.#at;
    const headers = this.#varint();
    this.hasHeaders = headers > 0;
    if (this.hasHeaders ? this.#at > this.#end : this.#at !== this.#end)
      this.#unreadable("a record is not as long as its parts");
    this.#at = this.#end;
    this.#offsetDelta = offsetDelta;
    this.refusal = undefined;
    if (headers > MAX_HEADERS) this.refusal = `it has ${headers} headers; a service reads at most ${MAX_HEADERS}`;
    if (this.#isCompressed && length > MAX_RECORD_BYTES)
      this.refusal = `it has ${length} bytes; of a compressed record a service reads at most ${MAX_RECORD_BYTES}`;
  }

  #skip(length: number): number {
    this.#at += length;
    if (this.#at > this.#end) this.#unreadable("a part of a record goes past its end");
    return this.#at;
  }

  #headers(): Headers {
    const { bytes } = this;
    const after = this.#at;
    this.#at = this.#headersStart;
    const headers: Record<string, Buffer[]> = {};
    for (let count = this.#varint(); count > 0; count--) {
      const [name = Buffer.alloc(0), value = Buffer.alloc(0)] = [this.#part(), this.#part()];
      // Of a null header nothing is made: it becomes an empty one.
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
    return length < 0 ? undefined : this.#kept(this.bytes.subarray(this.#at, this.#skip(length)));
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
    return this.#unreadable("a number has no end");
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
    return this.#unreadable("a number has no end");
  }

  #timestampDelta(): bigint {
    let bits = 0n;
    for (let at = this.#recordStart, shift = 0n; ; at++, shift += 7n) {
      const byte = this.bytes[at] ?? 0;
      bits |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return (bits >> 1n) ^ -(bits & 1n);
    }
  }

  #unreadable(problem: string, isDamaged = false): never {
    const baseOffset = this.#batch?.baseOffset ?? 0n;
    const last = baseOffset + BigInt(this.#lastOffsetDelta);
    const unread = Math.max(this.#offsetDelta + 1, this.#skipBelow, 0);
    const first = baseOffset + BigInt(Math.min(unread, this.#lastOffsetDelta));
    throw new UnreadableBatchError(problem, { first, last, isDamaged });
  }

  #damaged(problem: string): never {
    return this.#unreadable(problem, true);
  }
}

/** NaN when the number is too large to be exact. */
function readInt64(bytes: Buffer, at: number): number {
  const value = bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  return Number.isSafeInteger(value) ? value : TOO_LARGE;
}

/** The records of some batches, from an offset on. Throws an {@link UnreadableBatchError}. */
export function* recordsOf(batches: readonly RecordBatch[], from?: bigint): Generator<IncomingRecord, undefined> {
  const reader = new RecordReader(batches, from);
  while (reader.next()) yield reader.record();
}
