import {
  ATTRIBUTES_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  CRC_AT,
  HEAD_BYTES,
  LAST_OFFSET_DELTA_AT,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  RECORDS_AT,
  TRANSACTIONAL,
} from "./batch-layout.ts";
import { crc32c } from "./crc32c.ts";
import type { EncodedRecords, Headers, OutgoingRecord } from "./kafka.ts";

/** The lengths, attributes, timestamp and offset of one record, at most. */
const RECORD_OVERHEAD = 40;

/** More bytes than this are copied faster by a call than one by one. */
const LONG = 32;

/**
 * Memory outside of V8's heap makes it collect all garbage, old and young, again and again; what batches are written in is
 * used again instead. Only so much is kept.
 */
const spare: Buffer[] = [];
const SPARES = 8;
const SPARE_BYTES = { min: 64 * 1024, max: 1024 * 1024 };

function takeBuffer(bytes: number): Buffer {
  const kept = bytes < SPARE_BYTES.min ? undefined : spare.pop();
  return kept !== undefined && kept.length >= bytes ? kept : Buffer.allocUnsafe(bytes);
}

function giveBack(buffer: Buffer): void {
  const { length } = buffer;
  if (length >= SPARE_BYTES.min && length <= SPARE_BYTES.max && spare.length < SPARES) spare.push(buffer);
}

/** Writes records one after the other as a record batch has them, without headers. */
export class RecordWriter {
  #bytes: Buffer;
  #at = HEAD_BYTES + RECORDS_AT;
  #count = 0;
  #keyed = false;
  #baseTimestampMs = 0;
  #maxTimestampMs = 0;

  constructor(expectedBytes: number) {
    this.#bytes = takeBuffer(expectedBytes + HEAD_BYTES + RECORDS_AT + RECORD_OVERHEAD);
  }

  get size(): number {
    return this.#at;
  }

  get count(): number {
    return this.#count;
  }

  /** Text in ASCII, as numbers are, in one pass. */
  writeAscii(key: Uint8Array | string | null, value: string, timestampMs: number): void {
    const { length } = value;
    this.#begin(key, length, timestampMs);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < length; i++) bytes[at++] = value.charCodeAt(i);
    bytes[at++] = 0; // no headers
    this.#at = at;
  }

  /** A value that is there as bytes. */
  copy(key: Uint8Array | string | null, from: Buffer, start: number, end: number, timestampMs: number): void {
    this.#begin(key, end - start, timestampMs);
    const bytes = this.#bytes;
    let at = this.#at;
    if (end - start > LONG) at += from.copy(bytes, at, start, end);
    else for (let i = start; i < end; i++) bytes[at++] = from[i] as number;
    bytes[at++] = 0; // no headers
    this.#at = at;
  }

  write(key: Uint8Array | string | null, value: string, timestampMs: number): void {
    const length = Buffer.byteLength(value);
    this.#begin(key, length, timestampMs);
    // As many bytes as characters: plain ASCII, which is only copied.
    this.#at += this.#bytes.write(value, this.#at, length, length === value.length ? "latin1" : "utf8");
    this.#bytes[this.#at++] = 0; // no headers
  }

  /** Any record, whatever its parts are. */
  writeRecord(
    { key, value, headers = {} }: Pick<OutgoingRecord, "key" | "value" | "headers">,
    timestampMs: number,
  ): void {
    const content = typeof value === "string" ? Buffer.from(value) : value;
    const encodedHeaders = headerBytes(headers);
    this.#begin(key, content === null ? -1 : content.length, timestampMs, encodedHeaders.length);
    if (content !== null) this.#put(content);
    this.#put(encodedHeaders);
  }

  /** What was written is handed over: the writer is of no more use. */
  finish(): EncodedRecords {
    const bytes = this.#bytes.subarray(0, this.#at);
    const batch = bytes.subarray(HEAD_BYTES);
    let encodings = 0;
    bytes.writeBigInt64BE(0n, 0);
    bytes.writeInt32BE(batch.length, 8);
    batch.writeInt32BE(0, 0); // the partition leader epoch, which the broker fills in
    batch[MAGIC_AT] = MAGIC;
    batch.writeInt32BE(this.#count - 1, LAST_OFFSET_DELTA_AT);
    batch.writeBigInt64BE(BigInt(this.#baseTimestampMs), BASE_TIMESTAMP_AT);
    batch.writeBigInt64BE(BigInt(this.#maxTimestampMs), MAX_TIMESTAMP_AT);
    batch.writeInt32BE(this.#count, RECORD_COUNT_AT);
    return {
      count: this.#count,
      keyed: this.#keyed,
      encode: ({ transactional, producerId, producerEpoch, firstSequence }) => {
        encodings++;
        batch.writeInt16BE(transactional ? TRANSACTIONAL : 0, ATTRIBUTES_AT);
        batch.writeBigInt64BE(BigInt(producerId), PRODUCER_ID_AT);
        batch.writeInt16BE(producerEpoch, PRODUCER_EPOCH_AT);
        batch.writeInt32BE(firstSequence, BASE_SEQUENCE_AT);
        batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT);
        return bytes;
      },
      // Sent more than once, it may still wait in the queue of a connection that was given up.
      release: () => {
        if (encodings === 1) giveBack(this.#bytes);
      },
    };
  }

  /**
   * All of a record up to its value; there is room for the value and the headers.
   * @param valueBytes -1 for null
   * @param headersBytes how many the headers take, with their number: 1 for none
   */
  #begin(key: Uint8Array | string | null, valueBytes: number, timestampMs: number, headersBytes = 1): void {
    if (this.#count === 0) this.#baseTimestampMs = this.#maxTimestampMs = timestampMs;
    else if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs;
    const keyBytes = key === null ? -1 : typeof key === "string" ? Buffer.byteLength(key) : key.length;
    const timestampDelta = timestampMs - this.#baseTimestampMs;
    this.#reserve(keyBytes + valueBytes + headersBytes + RECORD_OVERHEAD);
    this.#varint(
      1 + // attributes
        headersBytes +
        sizeOf(timestampDelta) +
        sizeOf(this.#count) +
        sizeOf(keyBytes) +
        Math.max(keyBytes, 0) +
        sizeOf(valueBytes) +
        Math.max(valueBytes, 0),
    );
    this.#bytes[this.#at++] = 0; // attributes
    this.#varint(timestampDelta);
    this.#varint(this.#count++);
    this.#varint(keyBytes);
    if (key !== null) {
      this.#keyed = true;
      if (typeof key === "string") this.#bytes.write(key, this.#at, keyBytes, "utf8");
      else this.#bytes.set(key, this.#at);
      this.#at += keyBytes;
    }
    this.#varint(valueBytes);
  }

  #put(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  /** A whole number in zigzag form, as many bits as it takes. */
  #varint(value: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest >= 0x80; rest = rest > 0x7fffffff ? Math.floor(rest / 128) : rest >>> 7)
      bytes[at++] = (rest & 0x7f) | 0x80;
    bytes[at++] = rest;
    this.#at = at;
  }
}

const NO_HEADERS = Buffer.from([0]);

/** The headers of a record as they are written, their number first. */
function headerBytes(headers: Headers): Buffer {
  const pairs = Object.entries(headers).flatMap(([name, values]) => values.map((value) => [Buffer.from(name), value]));
  if (pairs.length === 0) return NO_HEADERS;
  const parts = pairs.flatMap((pair) => pair.flatMap((part) => [varintBytes(part.length), part as Uint8Array]));
  return Buffer.concat([varintBytes(pairs.length), ...parts]);
}

/** A number that is not negative, in zigzag form. */
function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let rest = 2 * value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function sizeOf(value: number): number {
  let bytes = 1;
  for (let rest = value < 0 ? -2 * value - 1 : 2 * value; rest >= 0x80; rest /= 128) bytes++;
  return bytes;
}
