import { REPLAYED_FOR } from "../runtime/addressed-to.ts";
import { type DeadLetter, parseDeadLetter } from "../runtime/dead-letter.ts";
import type { Inspector, OutgoingRecord, RecordProducer } from "../runtime/kafka/kafka.ts";
import { sizeOf } from "../runtime/kafka/size-of.ts";
import { partitionsOf, type ReplayCluster } from "./connect.ts";
import { type Consumer, deadLetterGroup, deadLetterPartition, deadLetterPosition } from "./dead-letters.ts";
import type { Needs } from "./needs.ts";

export interface PutBack {
  readonly records: number;
  /** Letters that cannot be put back, each with the reason. */
  readonly left: readonly { readonly deadLetter: DeadLetter; readonly why: string }[];
}

/** What a topic has room for. */
interface Input {
  readonly partitions: number;
  readonly maxRecordBytes: number;
}

/** How many dead letters go in one transaction, and how many bytes of them are held at once. */
const DEAD_LETTERS_AT_ONCE = 500;
const BYTES_AT_ONCE = 32 * 1024 * 1024;

export function needsOfPutBack(consumer: Consumer): Needs {
  return {
    topics: [consumer.deadLetterTopic, ...consumer.inputTopics],
    groups: [deadLetterGroup(consumer)],
    transactionalIds: [transactionalIdOf(consumer)],
  };
}

function transactionalIdOf({ groupId }: Consumer): string {
  return `${groupId}-dead-letters`;
}

/**
 * Puts the dead letters that are waiting back into the service's input topic, for that service alone: at the partition, key,
 * headers and timestamp that they had. A transaction that holds records holds the position behind their dead letters too, so each
 * is put back once, however often this is cut short and begun again.
 */
export async function putBack(cluster: ReplayCluster, consumer: Consumer): Promise<PutBack> {
  const { kafka } = cluster;
  await partitionsOf(cluster, consumer.deadLetterTopic);
  const left: { deadLetter: DeadLetter; why: string }[] = [];
  let records = 0;
  // Claimed first: a run before this one that hangs somewhere cannot commit any more.
  const producer = await kafka.producer({
    transactionalId: transactionalIdOf(consumer),
    partition: 0,
    copartitioned: [],
  });
  try {
    await kafka.inspect(async (inspector) => {
      const inputs = new Map<string, Input>();
      for (const topic of consumer.inputTopics) {
        inputs.set(topic, {
          partitions: await partitionsOf(cluster, topic),
          maxRecordBytes: await inspector.maxRecordBytes(topic),
        });
      }
      const maxRecordBytes = new Map([...inputs].map(([topic, input]) => [topic, input.maxRecordBytes]));
      let position = await deadLetterPosition(inspector, consumer);
      // What the service refuses again comes behind this end: it waits for the next time.
      for (let end: bigint | undefined; end === undefined || position < end; ) {
        const waiting = await readWaiting(inspector, consumer, position, end);
        end ??= waiting.end;
        for (const deadLetters of inTransactions(waiting.deadLetters)) {
          const ready = await Promise.all(
            deadLetters.map((deadLetter) => recordFor(inspector, consumer, inputs, deadLetter)),
          );
          const put = ready.filter((each) => typeof each !== "string");
          position = (deadLetters.at(-1)?.offset ?? position) + 1n;
          await commit(producer, consumer, put, position, maxRecordBytes);
          records += put.length;
          deadLetters.forEach((deadLetter, i) => {
            const why = ready[i];
            if (typeof why === "string") left.push({ deadLetter, why });
          });
        }
        if (waiting.deadLetters.length === 0) break;
      }
    });
  } finally {
    await producer.close();
  }
  return { records, left };
}

/** The next dead letters from a position on, as many as may be held at once, and the end of all that are there. */
async function readWaiting(inspector: Inspector, consumer: Consumer, position: bigint, until: bigint | undefined) {
  const deadLetters: DeadLetter[] = [];
  let bytes = 0;
  let end = position;
  await inspector.readToEnd(deadLetterPartition(consumer), position, (record) => {
    if (until !== undefined && record.offset >= until) return;
    end = record.offset + 1n;
    bytes += sizeOf(record);
    const deadLetter = bytes > BYTES_AT_ONCE && deadLetters.length > 0 ? undefined : parseDeadLetter(record);
    if (deadLetter) deadLetters.push(deadLetter);
  });
  return { deadLetters, end };
}

/**
 * Letters of one partition go together. kafkajs, as it comes, may write a record twice when one of several brokers that it
 * sends to at once fails; a partition has one.
 */
function inTransactions(deadLetters: readonly DeadLetter[]): DeadLetter[][] {
  const all: DeadLetter[][] = [];
  for (const deadLetter of deadLetters) {
    const last = all.at(-1);
    const before = last?.[0]?.from;
    const isSame = before?.topic === deadLetter.from.topic && before.partition === deadLetter.from.partition;
    if (last && isSame && last.length < DEAD_LETTERS_AT_ONCE) last.push(deadLetter);
    else all.push([deadLetter]);
  }
  return all;
}

/** The record to put back, or why there is none. */
async function recordFor(
  inspector: Inspector,
  { name, groupId }: Consumer,
  inputs: ReadonlyMap<string, Input>,
  deadLetter: DeadLetter,
): Promise<OutgoingRecord | string> {
  const { from, isResult, cutFromBytes } = deadLetter;
  const { topic, partition } = from;
  const input = inputs.get(topic);
  if (isResult) return `an operator produced it; it is not a record of ${topic}`;
  if (input === undefined) return `it is a record of ${topic}, which ${name} no longer reads`;
  const cut = cutFromBytes !== undefined;
  const record = cut ? await inspector.recordAt(from, from.offset) : deadLetter.record;
  if (record === undefined) {
    return `it was cut from ${cutFromBytes} bytes, and ${topic} no longer has the whole record`;
  }
  const { key, value, timestamp } = record;
  const headers = { ...record.headers, [REPLAYED_FOR]: [Buffer.from(groupId)] };
  const outgoing = { topic, key, value, timestamp, headers };
  const bytes = sizeOf(outgoing);
  if (bytes > input.maxRecordBytes)
    return `${topic} takes records of at most ${input.maxRecordBytes} bytes, and this one has ${bytes}`;
  return partition < input.partitions ? { ...outgoing, partition } : outgoing;
}

function commit(
  producer: RecordProducer,
  consumer: Consumer,
  records: readonly OutgoingRecord[],
  offset: bigint,
  maxRecordBytes: ReadonlyMap<string, number>,
): Promise<unknown> {
  const consumed = { groupId: deadLetterGroup(consumer), partition: deadLetterPartition(consumer), offset };
  return producer.transact({ records, changelog: [], maxRecordBytes, consumed: [consumed] });
}
