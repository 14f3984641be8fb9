import type { States } from "../operators/chain-state.ts";
import { ANY_TIME, type TimeLimit } from "../operators/time-limit.ts";
import { addressedTo } from "./addressed-to.ts";
import { fullness } from "./full-transaction.ts";
import type { FetchedRecords, IncomingRecord, RecordProducer, Transaction } from "./kafka/kafka.ts";
import { type BatchFormats, type Processed, processBatch } from "./process-batch.ts";
import { processEncoded } from "./process-encoded.ts";
import type { Service } from "./service.ts";
import type { TimeLimits } from "./time-limits.ts";

/** What one transaction holds of a fetched run of records. */
export interface Slice extends Processed, Pick<Transaction, "encoded"> {
  /** The first offset that it leaves to the next. */
  readonly position: bigint;
}

/**
 * What becomes of a fetched run of records, as one transaction or, where that would be more than one should hold, as several,
 * cut between two records. To be asked for the next once the one before is committed, state included.
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
): Generator<Slice> {
  let rest: readonly IncomingRecord[] | undefined;
  for (let from: bigint | undefined = records.firstOffset; from !== undefined; ) {
    const first: bigint = from;
    const limits = timeLimits();
    const common = rest === undefined ? limits.ofAll(first, nextPosition) : undefined;
    const fast = common && inOnePass(chain, state, records, first, formats, producer, limit(), common);
    // What asks for the ordinary way has it up to the end of the run, which is then decoded once.
    if (fast === undefined) {
      rest ??= addressedTo(spec.deadLettersOf ?? spec.groupId, records.decode());
      rest = rest.filter(({ offset }) => offset >= first);
    }
    const slice: Processed = fast ?? processBatch(chain, state, rest ?? [], formats, limit(), limits.of);
    yield { ...slice, position: slice.stoppedAt ?? nextPosition };
    from = slice.stoppedAt;
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
): (Processed & Pick<Transaction, "encoded">) | undefined {
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
