import { createHash } from "node:crypto";
import type { UnreadableBatchError } from "../kafka/errors.ts";
import type { Headers, IncomingRecord, OutgoingRecord, TopicPartition } from "../kafka/kafka.ts";
import { sizeOf } from "../kafka/size-of.ts";
import { AheadError } from "../operators/time-limit.ts";
import { REPLAYED_FROM } from "./addressed-to.ts";
import type { PoisonError } from "./codec.ts";

/** Header of what an operator made and another refused, a window's result, say: it is no record of the input. */
export const RESULT = "bramble.result";

/** Names of bramble's own headers begin so. */
const OURS = "bramble.";

/** A cause may quote what it likes; a thousand characters of it say enough. */
const MAX_CAUSE_LENGTH = 1000;
/** Where a topic takes little, a cause leaves room for the rest: a character may take three bytes. */
const CAUSE_SHARE = 10;

/** As Kafka has it for a record without one. */
const NO_TIMESTAMP = "-1";

/** A place of a record in Kafka. */
export type Place = TopicPartition & { readonly offset: bigint };

/** A dead letter as it is read again. */
export interface DeadLetter {
  /** Its offset among the dead letters. */
  readonly offset: bigint;
  /** Which record it is: the same when that is refused again, after it was put back or when the service reads its input again. */
  readonly id: string;
  /** When it was refused, in milliseconds since the epoch. */
  readonly refusedAt: number;
  readonly cause: string;
  /** Undefined when the record was refused before any operator saw it. */
  readonly operator: string | undefined;
  /** Where the record was when it was refused first. */
  readonly from: Place;
  /** Where it was this time: elsewhere once it was put back. */
  readonly at: Place;
  /** The last of the offsets that it stands for, when it stands for what was not read of a batch; it has no record then. */
  readonly lastOffset: bigint | undefined;
  /** Whether it is an operator's result and no record of the input. */
  readonly isResult: boolean;
  /** Whether it was refused as its event time was too far ahead of the clock, which a replay must not decide otherwise. */
  readonly isAhead: boolean;
  /** The record's size when it was too large for the dead letters, and not all of it is here. */
  readonly cutFromBytes: number | undefined;
  /** The record as it was, without bramble's headers. */
  readonly record: IncomingRecord;
}

/**
 * The refused record as it was, with headers that say why, by whom, and where it came from. Its timestamp is that of the
 * refusal: Kafka takes what is older than `retention.ms` away, and a refused record may be as old as it likes.
 * @param maxRecordBytes size of the largest record that the dead-letter topic takes; what would not fit is left out or cut
 */
export function deadLetter(
  topic: string,
  service: string,
  { topic: from, partition }: TopicPartition,
  record: IncomingRecord,
  error: PoisonError,
  maxRecordBytes: number,
): OutgoingRecord {
  const facts = (cutFromBytes?: number): Headers =>
    headersOf({
      cause: error.message.slice(0, Math.min(MAX_CAUSE_LENGTH, maxRecordBytes / CAUSE_SHARE)),
      service,
      ...(error.operator !== undefined && { operator: error.operator }),
      topic: from,
      partition: String(partition),
      offset: String(record.offset),
      timestamp: record.timestamp,
      ...(record.replayedFrom !== undefined && { "replayed-from": record.replayedFrom }),
      ...(error.cause instanceof AheadError && { ahead: "true" }),
      ...(cutFromBytes !== undefined && { "cut-from-bytes": String(cutFromBytes) }),
    });
  const { key, value } = record;
  const whole = { key, value, headers: { ...record.headers, ...facts() } };
  const bytes = record.refusal?.bytes ?? sizeOf(whole);
  if (bytes <= maxRecordBytes && record.refusal === undefined) return { topic, ...whole };

  // What says the most about a record stays first: its key, then its headers, then as much of its value as there is room for.
  const bare = { key: null, value: null, headers: facts(bytes) };
  const keyed = { ...bare, key };
  const named = sizeOf(keyed) <= maxRecordBytes ? keyed : bare;
  const headed = { ...named, headers: { ...record.headers, ...bare.headers } };
  const cut = sizeOf(headed) <= maxRecordBytes ? headed : named;
  return { topic, ...cut, value: value === null ? null : value.subarray(0, Math.max(0, maxRecordBytes - sizeOf(cut))) };
}

/** What stands for the rest of a batch that cannot be read: a record without key and value, whose headers name the offsets. */
export function deadLetterOfBatch(
  topic: string,
  service: string,
  { topic: from, partition }: TopicPartition,
  { message, first, last }: UnreadableBatchError,
): OutgoingRecord {
  const headers = headersOf({
    cause: message.slice(0, MAX_CAUSE_LENGTH),
    service,
    topic: from,
    partition: String(partition),
    offset: String(first),
    "last-offset": String(last),
  });
  return { topic, key: null, value: null, headers };
}

/** Undefined for a record that no service put there. */
export function parseDeadLetter({ offset, timestamp, key, value, headers }: IncomingRecord): DeadLetter | undefined {
  const fact = (name: string) => headers[OURS + name]?.at(-1)?.toString();
  const [cause, topic, partition, at] = ["cause", "topic", "partition", "offset"].map(fact);
  if (cause === undefined || topic === undefined || !isWhole(partition) || !isWhole(at)) return undefined;
  const cut = fact("cut-from-bytes");
  const last = fact("last-offset");
  const place = { topic, partition: Number(partition), offset: BigInt(at) };
  const time = fact("timestamp") ?? NO_TIMESTAMP;
  const first = firstPlace(headers[REPLAYED_FROM]?.at(-1)?.toString() ?? "", topic) ?? { place, time };
  const operator = fact("operator");
  const isResult = RESULT in headers;
  return {
    offset,
    id: `${recordId(first.place, first.time)}${isResult ? ` ${digestOf(operator, value)}` : ""}`,
    refusedAt: Number(timestamp),
    cause,
    operator,
    from: first.place,
    at: place,
    lastOffset: isWhole(last) ? BigInt(last) : undefined,
    isResult,
    isAhead: fact("ahead") !== undefined,
    cutFromBytes: cut === undefined ? undefined : Number(cut),
    record: {
      offset: place.offset,
      timestamp: fact("timestamp") ?? timestamp,
      key,
      value,
      headers: withoutOurs(headers),
    },
  };
}

/**
 * Tells a record from every other: where it is and its timestamp, as a topic that is made anew, and a file that takes another's
 * name, count from 0 again.
 */
export function recordId({ topic, partition, offset }: Place, timestamp: string): string {
  return `${topic}/${partition}@${offset} ${timestamp}`;
}

/** What `recordId` was made of; undefined for that of another topic, which came with a record that was processed there. */
function firstPlace(id: string, topic: string): { readonly place: Place; readonly time: string } | undefined {
  const [, from, partition = "", offset = "", time = ""] = /^(.*)\/(\d+)@(\d+) (-?\d+)$/s.exec(id) ?? [];
  return from === topic ? { place: { topic, partition: Number(partition), offset: BigInt(offset) }, time } : undefined;
}

/** One record may have several results, each a dead letter of its own. */
function digestOf(operator: string | undefined, value: Buffer | null): string {
  return createHash("sha256")
    .update(`${operator} `)
    .update(value ?? "")
    .digest("base64");
}

/** A record's headers as they were before bramble added its own. */
function withoutOurs(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(OURS)));
}

function headersOf(facts: Readonly<Record<string, string>>): Headers {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [OURS + name, [Buffer.from(value)]]));
}

function isWhole(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text);
}
