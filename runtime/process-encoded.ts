import { UnreadableBatchError } from "../kafka/errors.ts";
import type { EncodedRecords, RecordBatch } from "../kafka/kafka.ts";
import { RecordReader } from "../kafka/record-reader.ts";
import { RecordWriter } from "../kafka/record-writer.ts";
import { type Destination, pass } from "../operators/chain.ts";
import type { ChainState, States } from "../operators/chain-state.ts";
import { isEventTime } from "../operators/event-time.ts";
import { type Format, write } from "../operators/format.ts";
import type { Link, Message } from "../operators/message.ts";
import { jsonOf, originOf } from "../operators/message-text.ts";
import { ANY_TIME, type TimeLimit } from "../operators/time-limit.ts";
import { decodeKey, decodeText, decodeValue } from "./codec.ts";
import { fullness } from "./full-transaction.ts";
import { plainNumber } from "./number-in-bytes.ts";

/** What becomes of a run of records, ready to be sent. */
export interface ProcessedEncoded {
  /** What the records changed, to be committed once the transaction is. */
  readonly state: ChainState;
  /** Each for one send. */
  readonly outputs: readonly EncodedRecords[];
  /** As of `Processed`. */
  readonly stoppedAt?: bigint;
  /** What it came to behind all this, and went no further. */
  readonly unreadable?: UnreadableBatchError;
}

interface Options {
  readonly input: Format;
  readonly output: Format;
  /** Whether records with a key may come out: their topic has one partition. */
  readonly keys: boolean;
  /** The size of the largest batch that their topic takes. */
  readonly maxRecordBytes?: number | undefined;
  /** Of the event times of all records. */
  readonly limit?: TimeLimit;
}

/** Brokers refuse batches over 1 MiB (`message.max.bytes`). */
const FULL_BYTES = 512 * 1024;
const MAX_BYTES = 768 * 1024;

/** A batch is full at this share of what its topic takes: there is room for the record that makes it so. */
const FULL_SHARE = 0.5;

/** What a batch is written in, in terms of what makes it full; for a larger last record it grows. */
const ROOM = 1.25;

/** So that differences of times are exact, also doubled. */
const LATEST_MS = 2 ** 51;

/** Not an error: the records are for the ordinary path. */
const ORDINARY = new Error("for the ordinary path");

/**
 * `processBatch` in one pass from bytes to bytes, for records as most are: with the same results, or undefined, and nothing
 * done, when any of them asks for more. That is headers, a record that is refused, keys for several partitions, and
 * sizes and times beyond what a batch takes.
 */
export function processEncoded(
  chain: readonly Link[],
  before: States,
  batches: readonly RecordBatch[],
  from: bigint,
  options: Options,
  isFull = fullness(),
): ProcessedEncoded | undefined {
  const state = before.fork();
  const reader = new RecordReader(batches, from);
  const outputs = new Outputs(chain, batches, reader, options);
  try {
    while (reader.next()) {
      if (isFull(outputs.bytes + state.bytes)) return { state, outputs: outputs.finish(), stoppedAt: reader.offset };
      pass(chain, state, outputs.enter(), outputs);
      outputs.passed();
    }
  } catch (error) {
    if (error instanceof UnreadableBatchError) return { state, outputs: outputs.finish(), unreadable: error };
    // Whatever else it is, the ordinary path meets it again and knows what to do with it.
    return undefined;
  }
  return { state, outputs: outputs.finish() };
}

class Outputs implements Destination<undefined> {
  readonly limit: TimeLimit;
  readonly #options: Options;
  readonly #last: string | undefined;
  readonly #bytes: number;
  readonly #fullBytes: number;
  readonly #maxBytes: number;
  readonly #finished: EncodedRecords[] = [];
  #finishedBytes = 0;
  #writer: RecordWriter;
  #key: string | null = null;
  #keyBytes: Buffer | null = null;
  readonly #reader: RecordReader;
  /** Of the value at hand, once it is needed. */
  #text: string | undefined;
  /** One for all records, as it is asked only while they are at hand. */
  readonly #source: (() => string) | undefined;

  constructor(chain: readonly Link[], batches: readonly RecordBatch[], reader: RecordReader, options: Options) {
    this.limit = options.limit ?? ANY_TIME;
    this.#options = options;
    this.#reader = reader;
    this.#source = options.input === "text" ? undefined : () => this.#textOf();
    this.#last = chain.at(-1)?.name;
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
    const { maxRecordBytes = MAX_BYTES } = options;
    this.#maxBytes = Math.min(MAX_BYTES, maxRecordBytes);
    this.#fullBytes = Math.min(FULL_BYTES, FULL_SHARE * maxRecordBytes);
    // Numbers may grow on their way, up to 17 digits; beyond this the writer grows.
    this.#bytes = Math.min(2 * bytes, Math.ceil(ROOM * this.#fullBytes));
    this.#writer = new RecordWriter(this.#bytes);
  }

  /** What was written so far. */
  get bytes(): number {
    return this.#finishedBytes + (this.#writer.count === 0 ? 0 : this.#writer.size);
  }

  /** The record at hand as the chain takes it. */
  enter(): Message {
    const reader = this.#reader;
    const { timestampMs, keyStart, valueStart, refusal } = reader;
    if (
      refusal !== undefined ||
      reader.hasHeaders ||
      !isEventTime(timestampMs) ||
      timestampMs > LATEST_MS ||
      valueStart < 0
    )
      throw ORDINARY;
    this.#keyBytes = keyStart < 0 ? null : reader.key;
    this.#key = decodeKey(this.#keyBytes);
    const { input } = this.#options;
    this.#text = undefined;
    const plain = input === "number" ? plainNumber(reader.bytes, valueStart, reader.valueEnd) : undefined;
    const value = plain ?? decodeValue(reader.value, input, this.#textOf());
    return { key: this.#key, value, timestampMs, source: this.#source };
  }

  #textOf(): string {
    this.#text ??= decodeText(this.#reader.value, this.#options.input);
    return this.#text;
  }

  deliver(message: Message): void {
    const { key, value, timestampMs } = message;
    const { output, keys } = this.#options;
    if (timestampMs > LATEST_MS || (key !== null && !keys)) throw ORDINARY;
    const keyOut = key === this.#key ? this.#keyBytes : key;
    const origin = originOf(message);
    if (origin === "bytes" && this.#staysReadable(value)) this.#copy(keyOut, timestampMs);
    else if (origin === "value" && output === "number") {
      this.#writer.writeAscii(keyOut, write(output, value, this.#last), timestampMs);
    } else {
      const text = write(output, value, this.#last, () => jsonOf(message));
      if (text === this.#text) this.#copy(keyOut, timestampMs);
      else if (output === "number") this.#writer.writeAscii(keyOut, text, timestampMs);
      else this.#writer.write(keyOut, text, timestampMs);
    }
    if (this.#writer.size > this.#maxBytes) throw ORDINARY;
  }

  /** The value that came in, as it is. */
  #copy(key: Buffer | string | null, timestampMs: number): void {
    const { bytes, valueStart, valueEnd } = this.#reader;
    this.#writer.copy(key, bytes, valueStart, valueEnd, timestampMs);
  }

  /** Whether the bytes of a value that came in stand for it also where it goes. */
  #staysReadable(value: unknown): boolean {
    const { input, output } = this.#options;
    if (input === output) return true;
    return input !== "text" && (output === "json" || (output === "number" && typeof value === "number"));
  }

  refuse(): void {
    throw ORDINARY;
  }

  /** A record that is refused sends all of them the ordinary way: nothing need be taken back. */
  mark(): undefined {}

  rollBackTo(): void {}

  passed(): void {
    const { size } = this.#writer;
    if (size < this.#fullBytes) return;
    this.#finishedBytes += size;
    this.#finished.push(this.#writer.finish());
    this.#writer = new RecordWriter(this.#bytes);
  }

  finish(): EncodedRecords[] {
    return this.#writer.count === 0 ? this.#finished : [...this.#finished, this.#writer.finish()];
  }
}
