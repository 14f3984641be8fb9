import type { Headers, IncomingRecord } from "../kafka/kafka.ts";
import { sizeOf } from "../kafka/size-of.ts";
import { type Branch, branchFor } from "../operators/branch.ts";
import { advance, pathOf } from "../operators/chain.ts";
import type { ChainState, States } from "../operators/chain-state.ts";
import { type Format, write, writeLine, writeToLog } from "../operators/format.ts";
import type { Link, Message } from "../operators/message.ts";
import { jsonOf } from "../operators/message-text.ts";
import { OperatorError } from "../operators/operator-error.ts";
import { jsonOrWords, messageOf } from "../operators/shown.ts";
import { AheadError, ANY_TIME, type TimeLimit } from "../operators/time-limit.ts";
import { decodeKey, decodeText, decodeTimestamp, decodeValue, PoisonError } from "./codec.ts";
import { RESULT } from "./dead-letter.ts";
import { fullness } from "./full-transaction.ts";
import { StateStoreError } from "./state-store.ts";

/** In memory, what was made of a record takes so much more than its bytes, and a dead letter has headers that say why. */
const BYTES_PER_OUTPUT = 200;
const BYTES_PER_DEAD_LETTER = 1500;

/** What becomes of a run of records: everything that one transaction must hold, before any of it is written. */
export interface Processed {
  /** What the records changed, to be committed once the transaction is. */
  readonly state: ChainState;
  readonly outputs: readonly Output[];
  /** All stages of each value that came out, first the input; only when asked for. */
  readonly paths: readonly (readonly string[])[];
  readonly poison: readonly { readonly record: IncomingRecord; readonly error: PoisonError }[];
  /** The offset of the first record that is for the next transaction, as this one is full; undefined when there is none. */
  readonly stoppedAt?: bigint;
}

/** How values come in, and where they go out and how: to topics, as text for a journal, or as lines of a file. */
export interface BatchFormats {
  readonly input: Format;
  readonly output:
    | { readonly kind: "topics"; readonly branches: readonly Branch[] }
    | { readonly kind: "log" }
    | { readonly kind: "lines"; readonly format: Format };
  /** Whether all stages of a value are wanted. */
  readonly stages: boolean;
  /** Size of the largest record that each of these topics takes, where there is a limit. */
  readonly maxRecordBytes?: ReadonlyMap<string, number>;
}

/** A value that came out at the end of the chain, with what its record carries. */
export interface Output {
  /** Where it goes; empty for a sink. */
  readonly topic: string;
  readonly key: Buffer | string | null;
  readonly value: string;
  readonly timestamp: string;
  readonly headers: Headers;
  /** Of the record that it came of, and the how many-th it is of all that came of it, from 0. */
  readonly offset: bigint;
  readonly nth: number;
}

/** What brokers have said against outputs, under `nameOf`. */
export type RefusedOutputs = ReadonlyMap<string, string>;

/** The same output has the same name whenever its record is processed. */
export function nameOf({ offset, nth }: Pick<Output, "offset" | "nth">): string {
  return `${offset}/${nth}`;
}

/**
 * The same records from the same state give the same result, as often as a transaction has to be tried. Whatever goes wrong with
 * a record makes a dead letter of it, and of nothing else, and leaves nothing of what it did.
 * @param isFull whether the transaction has enough with so many bytes made; it then ends with the record that made it so
 * @param limitOf of the event time of the record at an offset
 * @param refused outputs that a broker does not take: they are refused here, as if the end of the chain had refused them
 */
export function processBatch(
  chain: readonly Link[],
  before: States,
  records: Iterable<IncomingRecord>,
  formats: BatchFormats,
  isFull = fullness(),
  limitOf: (offset: bigint) => TimeLimit = () => ANY_TIME,
  refused: RefusedOutputs = new Map(),
): Processed {
  const { output: destination, stages, maxRecordBytes } = formats;
  const state = before.fork();
  const outputs: Output[] = [];
  const paths: string[][] = [];
  const poison: { record: IncomingRecord; error: PoisonError }[] = [];
  let bytes = 0;
  const refuse = (record: IncomingRecord, error: PoisonError) => {
    poison.push({ record, error });
    bytes += sizeOf(record) + BYTES_PER_DEAD_LETTER;
  };
  for (const record of records) {
    if (isFull(bytes + state.bytes)) return { state, outputs, paths, poison, stoppedAt: record.offset };
    try {
      const message = decoded(record, formats.input);
      let nth = 0;
      const deliver = (result: Message) => {
        const output = outputOf(result, record, nth++, message, chain, destination);
        if (output === undefined) return undefined;
        const problem = refused.size === 0 ? undefined : refused.get(nameOf(output));
        if (problem !== undefined) throw refusal(chain, result.value, problem);
        const size = fittingSize(output, maxRecordBytes, result.value, chain);
        const path = stages ? pathOf(result).map(loggedStage) : [];
        return { output, size, path };
      };
      const advanced = advance(chain, state, message, deliver, limitOf(record.offset));
      for (const delivered of advanced.outputs) {
        if (delivered === undefined) continue;
        const { output, size, path } = delivered;
        outputs.push(output);
        bytes += size + BYTES_PER_OUTPUT;
        if (!stages) continue;
        paths.push(path);
        bytes += path.join().length;
      }
      for (const error of advanced.refused) {
        refuse(resultOf(record, error), poisonOf(error));
      }
    } catch (error) {
      if (error instanceof StateStoreError) throw error;
      refuse(record, poisonOf(error));
    }
  }
  return { state, outputs, paths, poison };
}

function decoded({ key, value, timestamp, refusal: beyond }: IncomingRecord, format: Format): Message {
  if (beyond !== undefined) throw new PoisonError(beyond.why);
  const decodedKey = decodeKey(key);
  const text = decodeText(value, format);
  return {
    key: decodedKey,
    value: decodeValue(value, format, text),
    timestampMs: decodeTimestamp(timestamp),
    source: format === "text" ? undefined : () => text,
  };
}

function loggedStage(stage: Message): string {
  return writeToLog(stage.value, stage.by?.name, () => jsonOf(stage));
}

/** What an operator did not change goes out with the very bytes that it came in with; undefined when no branch takes it. */
function outputOf(
  output: Message,
  record: IncomingRecord,
  nth: number,
  entered: Message,
  chain: readonly Link[],
  destination: BatchFormats["output"],
): Output | undefined {
  const written = writtenTo(destination, output, chain.at(-1)?.name);
  if (written === undefined) return undefined;
  return {
    ...written,
    key: output.key === entered.key ? record.key : output.key,
    timestamp: output.timestampMs === entered.timestampMs ? record.timestamp : String(output.timestampMs),
    headers: record.headers,
    offset: record.offset,
    nth,
  };
}

function writtenTo(
  destination: BatchFormats["output"],
  output: Message,
  last: string | undefined,
): Pick<Output, "topic" | "value"> | undefined {
  const json = () => jsonOf(output);
  switch (destination.kind) {
    case "log":
      return { topic: "", value: writeToLog(output.value, last, json) };
    case "lines":
      return { topic: "", value: writeLine(destination.format, output.value, last, json) };
    case "topics": {
      const branch = branchFor(destination.branches, output);
      return branch && { topic: branch.topic, value: write(branch.format ?? "number", output.value, last, json) };
    }
    default:
      return destination satisfies never;
  }
}

/** As of `sizeOf`. A topic refuses what is too large for it, and the transaction with it, as often as it is tried. */
function fittingSize(
  output: Output,
  maxRecordBytes: BatchFormats["maxRecordBytes"],
  value: unknown,
  chain: readonly Link[],
): number {
  const maxBytes = maxRecordBytes?.get(output.topic);
  const bytes = sizeOf(output);
  if (maxBytes === undefined || bytes <= maxBytes) return bytes;
  throw refusal(chain, value, `emitted a record of ${bytes} bytes; ${output.topic} takes at most ${maxBytes}`);
}

/** Why what came out of a chain cannot go where it should. */
function refusal(chain: readonly Link[], value: unknown, problem: string): Error {
  const last = chain.at(-1)?.name;
  return last === undefined ? new PoisonError(problem) : new OperatorError(last, value, problem);
}

/** What an operator made, which is no record of the input: marked, so that nobody puts it there. */
function resultOf(record: IncomingRecord, { value }: OperatorError): IncomingRecord {
  const written = Buffer.from(jsonOrWords(value));
  return { ...record, value: written, headers: { ...record.headers, [RESULT]: [Buffer.from("true")] } };
}

function poisonOf(error: unknown): PoisonError {
  if (error instanceof PoisonError) return error;
  if (!(error instanceof OperatorError)) return new PoisonError(messageOf(error), { cause: error });
  return new PoisonError(error.message, {
    ...(error.operator !== undefined && { operator: error.operator }),
    cause: error instanceof AheadError ? error : error.cause,
  });
}
