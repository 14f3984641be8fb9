import type { States } from "../operators/chain-state.ts";
import { addressedTo } from "./addressed-to.ts";
import { fullness } from "./full-transaction.ts";
import type { FetchedRecords, IncomingRecord, RecordProducer, Transaction } from "./kafka/kafka.ts";
import { UnreadableBatchError } from "./kafka/record-reader.ts";
import { type BatchFormats, type Processed, processBatch } from "./process-batch.ts";
import { processEncoded } from "./process-encoded.ts";
import type { Service } from "./service.ts";

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
 * cut between two records. To be asked for the next once the one before is committed, state included. Throws an
 * {@link UnreadableBatchError} at a damaged batch, once what is before it has been asked for.
 * @param limit begins a transaction: tells from then on whether it is full
 */
export function* slicesOf(
  { chain, spec }: Pick<Service, "chain" | "spec">,
  state: States,
  records: FetchedRecords,
  nextPosition: bigint,
  formats: BatchFormats,
  producer: Pick<RecordProducer, "partitionsOf">,
  limit: () => (bytes: number) => boolean = fullness,
): Generator<Slice> {
  let isOrdinary = false;
  for (let from: bigint | undefined = records.firstOffset; from !== undefined; ) {
    const first: bigint = from;
    const fast: Read | undefined = isOrdinary
      ? undefined
      : inOnePass(chain, state, records, first, formats, producer, limit());
    // What asks for the ordinary way has it up to the end of the run.
    isOrdinary ||= fast === undefined;
    const ours = () => addressedTo(spec.deadLettersOf ?? spec.groupId, records.decode(first));
    const { unreadable, ...slice } = fast ?? inOrder(chain, state, ours(), formats, limit());
    if (unreadable === undefined) {
      yield { ...slice, position: slice.stoppedAt ?? nextPosition };
      from = slice.stoppedAt;
    } else if (unreadable.isDamaged) {
      yield { ...slice, position: unreadable.first };
      throw unreadable;
    } else {
      const position = unreadable.last + 1n;
      yield { ...slice, unreadable, position };
      from = position < nextPosition ? position : undefined;
    }
  }
}

/** One record after the other, up to what cannot be read. */
function inOrder(
  chain: Service["chain"],
  state: States,
  records: Iterable<IncomingRecord>,
  formats: BatchFormats,
  isFull: (bytes: number) => boolean,
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
  const processed = processBatch(chain, state, readable(), formats, isFull);
  return { ...processed, ...(unreadable && { unreadable }) };
}

/** From bytes to bytes, where that can be done; the results are the same. */
function inOnePass(
  chain: Service["chain"],
  state: States,
  { batches }: FetchedRecords,
  from: bigint,
  { input, output, maxRecordBytes }: BatchFormats,
  producer: Pick<RecordProducer, "partitionsOf">,
  isFull: (bytes: number) => boolean,
): Read | undefined {
  if (batches === undefined || output.kind !== "topics") return undefined;
  const [branch, ...others] = output.branches;
  if (branch === undefined || branch.when !== undefined || others.length > 0) return undefined;
  const { topic, format = "number" } = branch;
  const keys = producer.partitionsOf(topic) === 1;
  const options = { input, output: format, keys, maxRecordBytes: maxRecordBytes?.get(topic) };
  const processed = processEncoded(chain, state, batches, from, options, isFull);
  if (processed === undefined) return undefined;
  const { outputs: sends, ...rest } = processed;
  return { ...rest, outputs: [], paths: [], poison: [], encoded: { topic, sends } };
}
