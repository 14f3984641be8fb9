import type { OutgoingRecord } from "./kafka.ts";

/** A record that a broker does not take, however often it is sent. */
export interface RefusedRecord {
  /** Undefined when it was one of many that were encoded before. */
  readonly record: OutgoingRecord | undefined;
  readonly problem: string;
}

/** Records that a broker does not take. Nothing of their transaction was committed, and the producer can go on with another. */
export class RefusedRecordsError extends Error {
  readonly refused: readonly RefusedRecord[];
  /** Whether the broker said which; else they are all of a batch that it refused as a whole. */
  readonly isExact: boolean;

  constructor(refused: readonly RefusedRecord[], isExact: boolean) {
    super(refused[0]?.problem);
    this.name = "RefusedRecordsError";
    this.refused = refused;
    this.isExact = isExact;
  }
}

/** What a broker said of a batch that it refused. */
export interface Refusal {
  readonly topic: string;
  /** Kafka's name of the error. */
  readonly type: string;
  readonly errorMessage: string | null;
  readonly recordErrors: readonly { readonly batchIndex: number; readonly batchIndexErrorMessage: string | null }[];
  /** Those of the batch, in their order; undefined for what was encoded before. */
  readonly records: readonly OutgoingRecord[] | undefined;
}

/** Kafka's errors for what is wrong with records, and with nothing else. */
const REFUSALS: ReadonlySet<string> = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_TIMESTAMP",
  "INVALID_RECORD",
]);

const NEXT: Readonly<Record<string, string>> = {
  INVALID_TIMESTAMP:
    "; its event time is too far from the broker's clock: correct the clock that it comes from, or set message.timestamp.after.max.ms (or before.max.ms) of the topic",
};

export function isRefusal(type: string): boolean {
  return REFUSALS.has(type);
}

export function refusedRecords(refusals: readonly Refusal[]): RefusedRecordsError {
  const refused = refusals.flatMap(({ topic, type, errorMessage, recordErrors, records }): RefusedRecord[] => {
    const problem = (said: string | null) =>
      `Kafka refused the record for ${topic}: ${said ?? errorMessage ?? "no reason given"} (${type})${NEXT[type] ?? ""}`;
    if (records === undefined) return [{ record: undefined, problem: problem(null) }];
    if (recordErrors.length === 0) return records.map((record) => ({ record, problem: problem(null) }));
    return recordErrors.map(({ batchIndex, batchIndexErrorMessage }) => ({
      record: records[batchIndex],
      problem: problem(batchIndexErrorMessage),
    }));
  });
  const isExact = refusals.every(({ recordErrors, records }) => recordErrors.length > 0 || records?.length === 1);
  return new RefusedRecordsError(refused, isExact);
}
