import { UnreadableBatchError } from "../kafka/errors.ts";
import type { FetchedRecords, IncomingRecord, OutgoingRecord, RecordProducer, Transaction } from "../kafka/kafka.ts";
import type { RefusedRecordsError } from "../kafka/refused-records.ts";
import type { States } from "../operators/chain-state.ts";
import { ANY_TIME, type TimeLimit } from "../operators/time-limit.ts";
import { addressedTo } from "./addressed-to.ts";
import { fullness } from "./full-transaction.ts";
import { type BatchFormats, nameOf, type Processed, processBatch } from "./process-batch.ts";
import { processEncoded } from "./process-encoded.ts";
import type { Service } from "./service.ts";
import type { TimeLimits } from "./time-limits.ts";

/** What one transaction holds of a fetched run of records. */
export interface Slice extends Processed, Pick<Transaction, "encoded"> {
  /** The first offset that it leaves to the next. */
  readonly position: bigint;
  /** The rest of a batch that cannot be read, and never will be: it is passed over, up to `position`. */
  readonly unreadable?: UnreadableBatchError;
}

type Read = Processed & Pick<Transaction, "encoded"> & Pick<Slice, "unreadable">;

/**
 * What becomes of a fetched run of records, as one transaction or, where that would be more than one should hold, as several,
 * cut between two records. To be asked for the next once the one before is committed, state included; or, with the error,
 * when brokers refused some of its outputs: then the next begins where that one did, without them. Throws the error when it
 * is not the outputs that brokers refused, and an {@link UnreadableBatchError} at a damaged batch, once what is before it is
 * committed.
 * @param limit begins a transaction: tells from then on whether it is full
 * @param timeLimits begins a transaction too: looks at the clock once for all its records
 */
export function* slicesOf(
  { chain, spec }: Pick<Service, "chain" | "spec">,
  state: States,
  records: FetchedRecords,
  nextPosition: bigint,
  formats: BatchFormats,
  producer: Pick<RecordProducer, "partitionsOf">,
  limit: () => (bytes: number) => boolean = fullness,
  timeLimits: () => TimeLimits = () => ANY_TIMES,
): Generator<Slice, void, RefusedRecordsError | undefined> {
  let isOrdinary = false;
  const refusals = new Refusals();
  for (let from: bigint | undefined = records.firstOffset; from !== undefined; ) {
    const first: bigint = from;
    const limits = timeLimits();
    const common: TimeLimit | undefined = isOrdinary ? undefined : limits.ofAll(first, nextPosition);
    const fast: Read | undefined =
      common && inOnePass(chain, state, records, first, formats, producer, limit(), common);
    // What asks for the ordinary way has it up to the end of the run.
    isOrdinary ||= fast === undefined;
    const ours = () => addressedTo(spec.deadLettersOf ?? spec.groupId, records.decode(first));
    const inOrder = (each: Iterable<IncomingRecord>) =>
      processBatch(chain, state, each, formats, refusals.limited(limit()), limits.of, refusals.outputs);
    const { unreadable, ...slice } = fast ?? upToUnreadable(ours(), inOrder);
    const position = endOf(slice, unreadable, nextPosition);
    const refused = yield { ...slice, position, ...(unreadable?.isDamaged === false && { unreadable }) };
    if (refused !== undefined) {
      if (fast === undefined) refusals.add(slice, refused);
      // Encoded, no record can be told from the others.
      isOrdinary = true;
      continue;
    }
    refusals.committed();
    if (unreadable?.isDamaged) throw unreadable;
    from = position < nextPosition ? position : undefined;
  }
}

/** The first offset that is left to the next transaction. */
function endOf({ stoppedAt }: Processed, unreadable: UnreadableBatchError | undefined, nextPosition: bigint): bigint {
  if (unreadable === undefined) return stoppedAt ?? nextPosition;
  return unreadable.isDamaged ? unreadable.first : unreadable.last + 1n;
}

/** One record after the other, up to what cannot be read. */
function upToUnreadable(
  records: Iterable<IncomingRecord>,
  process: (records: Iterable<IncomingRecord>) => Processed,
): Read {
  let unreadable: UnreadableBatchError | undefined;
  function* readable() {
    try {
      yield* records;
    } catch (error) {
      if (!(error instanceof UnreadableBatchError)) throw error;
      unreadable = error;
    }
  }
  const processed = process(readable());
  return { ...processed, ...(unreadable && { unreadable }) };
}

/** What brokers refused of a run. */
class Refusals {
  readonly outputs = new Map<string, string>();
  /** How many records a transaction may take, and how many the last one took. */
  #most = Number.POSITIVE_INFINITY;
  #taken = 0;

  /** To be asked before each record. */
  limited(isFull: (bytes: number) => boolean): (bytes: number) => boolean {
    this.#taken = 0;
    return (bytes) => {
      if (this.#taken >= this.#most || isFull(bytes)) return true;
      this.#taken++;
      return false;
    };
  }

  /** Where a broker does not say which output of many it is, half of the records are tried, until one is left. */
  add({ outputs }: Processed, error: RefusedRecordsError): void {
    const problems = new Map<OutgoingRecord | undefined, string>(
      error.refused.map(({ record, problem }) => [record, problem]),
    );
    const found = outputs.filter((output) => problems.has(output));
    if (found.length === 0) throw error;
    if (!error.isExact && this.#taken > 1) this.#most = Math.ceil(this.#taken / 2);
    else for (const output of found) this.outputs.set(nameOf(output), problems.get(output) ?? "");
  }

  committed(): void {
    this.#most *= 2;
  }
}

const ANY_TIMES: TimeLimits = { of: () => ANY_TIME, ofAll: () => ANY_TIME };

/** From bytes to bytes, where that can be done; the results are the same. */
function inOnePass(
  chain: Service["chain"],
  state: States,
  { batches }: FetchedRecords,
  from: bigint,
  { input, output, maxRecordBytes }: BatchFormats,
  producer: Pick<RecordProducer, "partitionsOf">,
  isFull: (bytes: number) => boolean,
  timeLimit: TimeLimit,
): Read | undefined {
  if (batches === undefined || output.kind !== "topics") return undefined;
  const [branch, ...others] = output.branches;
  if (branch === undefined || branch.when !== undefined || others.length > 0) return undefined;
  const { topic, format = "number" } = branch;
  const keys = producer.partitionsOf(topic) === 1;
  const options = { input, output: format, keys, maxRecordBytes: maxRecordBytes?.get(topic), limit: timeLimit };
  const processed = processEncoded(chain, state, batches, from, options, isFull);
  if (processed === undefined) return undefined;
  const { outputs: sends, ...rest } = processed;
  return { ...rest, outputs: [], paths: [], poison: [], encoded: { topic, sends } };
}
