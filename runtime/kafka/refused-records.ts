import type { Message } from "kafkajs";
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

  constructor(refused: readonly RefusedRecord[], isExact: boolean, cause: unknown) {
    super(refused[0]?.problem, { cause });
    this.name = "RefusedRecordsError";
    this.refused = refused;
    this.isExact = isExact;
  }
}

/** A message as `sendAll` hands it to kafkajs. */
export type SentMessage = Message & { readonly record?: OutgoingRecord };

/** What a broker said of a partition, and of one that it refused what was sent: the patches `refusedRecords`, `partlyRefused`. */
interface PartitionAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly recordErrors: readonly { readonly index: number; readonly message: string | null }[];
  readonly messages?: readonly SentMessage[];
}

interface TopicAnswer {
  readonly topicName: string;
  readonly partitions: readonly PartitionAnswer[];
}

/** Kafka's codes for what is wrong with records, and with nothing else. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [10, "MESSAGE_TOO_LARGE"],
  [18, "RECORD_LIST_TOO_LARGE"],
  [32, "INVALID_TIMESTAMP"],
  [87, "INVALID_RECORD"],
]);

const NEXT: Readonly<Record<string, string>> = {
  INVALID_TIMESTAMP:
    "; its event time is too far from the broker's clock: correct the clock that it comes from, or set message.timestamp.after.max.ms (or before.max.ms) of the topic",
};

/** The refusal that an error of a send stands for; undefined for any other error. */
export function refusalIn(error: unknown): RefusedRecordsError | undefined {
  const { answer = [] } = error as { readonly answer?: readonly TopicAnswer[] };
  const failed = answer.flatMap(({ topicName, partitions }) =>
    partitions.filter(({ errorCode }) => errorCode !== 0).map((each) => ({ topic: topicName, ...each })),
  );
  if (failed.length === 0 || failed.some(({ errorCode }) => !REFUSALS.has(errorCode))) return undefined;
  const refused = failed.flatMap(({ topic, errorCode, errorMessage, recordErrors, messages = [] }): RefusedRecord[] => {
    const type = REFUSALS.get(errorCode) ?? "";
    const problem = (said: string | null) =>
      `Kafka refused the record for ${topic}: ${said ?? errorMessage ?? "no reason given"} (${type})${NEXT[type] ?? ""}`;
    if (recordErrors.length === 0) return messages.map(({ record }) => ({ record, problem: problem(null) }));
    return recordErrors.map(({ index, message }) => ({ record: messages[index]?.record, problem: problem(message) }));
  });
  const isExact = failed.every(({ recordErrors, messages = [] }) => recordErrors.length > 0 || messages.length === 1);
  return new RefusedRecordsError(refused, isExact, error);
}
