import { REPLAYED_FOR } from "../runtime/addressee.ts";
import { type DeadLetter, readDeadLetter } from "../runtime/dead-letter.ts";
import type { Inspector, OutgoingRecord, RecordProducer } from "../runtime/kafka/kafka.ts";
import { sizeOf } from "../runtime/kafka/size-of.ts";
import { partitionsOf, type ReplayCluster } from "./connect.ts";
import { type Addressee, lettersGroup, lettersPartition, lettersPosition } from "./letters.ts";
import type { Needs } from "./needs.ts";

export interface PutBack {
  readonly records: number;
  /** Letters that cannot be put back, each with the reason. */
  readonly left: readonly { readonly letter: DeadLetter; readonly why: string }[];
}

/** What a topic has room for. */
interface Input {
  readonly partitions: number;
  readonly mostBytes: number;
}

/** How many letters go in one transaction, and how many bytes of them are held at once. */
const LETTERS_AT_ONCE = 500;
const BYTES_AT_ONCE = 32 * 1024 * 1024;

export function needsOfPuttingBack(addressee: Addressee): Needs {
  return {
    topics: [addressee.deadLetterTopic, ...addressee.inputTopics],
    groups: [lettersGroup(addressee)],
    transactionalIds: [transactionalIdOf(addressee)],
  };
}

function transactionalIdOf({ groupId }: Addressee): string {
  return `${groupId}-dead-letters`;
}

/**
 * Puts the letters that are waiting back into the service's input topic, for that service alone: at the partition, key,
 * headers and timestamp that they had. A transaction that holds records holds the position behind their letters too, so each
 * is put back once, however often this is cut short and begun again.
 */
export async function putBack(cluster: ReplayCluster, addressee: Addressee): Promise<PutBack> {
  const { kafka } = cluster;
  await partitionsOf(cluster, addressee.deadLetterTopic);
  const left: { letter: DeadLetter; why: string }[] = [];
  let records = 0;
  // Claimed first: a run before this one that hangs somewhere cannot commit any more.
  const producer = await kafka.producer({
    transactionalId: transactionalIdOf(addressee),
    partition: 0,
    copartitioned: [],
  });
  try {
    await kafka.inspect(async (inspector) => {
      const inputs = new Map<string, Input>();
      for (const topic of addressee.inputTopics) {
        inputs.set(topic, {
          partitions: await partitionsOf(cluster, topic),
          mostBytes: await inspector.mostBytes(topic),
        });
      }
      const mostBytes = new Map([...inputs].map(([topic, input]) => [topic, input.mostBytes]));
      let position = await lettersPosition(inspector, addressee);
      // What the service refuses again comes behind this end: it waits for the next time.
      for (let end: bigint | undefined; end === undefined || position < end; ) {
        const waiting = await readWaiting(inspector, addressee, position, end);
        end ??= waiting.end;
        for (const letters of inTransactions(waiting.letters)) {
          const ready = await Promise.all(letters.map((letter) => recordFor(inspector, addressee, inputs, letter)));
          const put = ready.filter((each) => typeof each !== "string");
          position = (letters.at(-1)?.offset ?? position) + 1n;
          await commit(producer, addressee, put, position, mostBytes);
          records += put.length;
          letters.forEach((letter, i) => {
            const why = ready[i];
            if (typeof why === "string") left.push({ letter, why });
          });
        }
        if (waiting.letters.length === 0) break;
      }
    });
  } finally {
    await producer.close();
  }
  return { records, left };
}

/** The next letters from a position on, as many as may be held at once, and the end of all that are there. */
async function readWaiting(inspector: Inspector, addressee: Addressee, position: bigint, until: bigint | undefined) {
  const letters: DeadLetter[] = [];
  let bytes = 0;
  let end = position;
  await inspector.readToEnd(lettersPartition(addressee), position, (record) => {
    if (until !== undefined && record.offset >= until) return;
    end = record.offset + 1n;
    bytes += sizeOf(record);
    const letter = bytes > BYTES_AT_ONCE && letters.length > 0 ? undefined : readDeadLetter(record);
    if (letter) letters.push(letter);
  });
  return { letters, end };
}

/**
 * Letters of one partition go together. kafkajs, as it comes, may write a record twice when one of several brokers that it
 * sends to at once fails; a partition has one.
 */
function inTransactions(letters: readonly DeadLetter[]): DeadLetter[][] {
  const all: DeadLetter[][] = [];
  for (const letter of letters) {
    const last = all.at(-1);
    const before = last?.[0]?.from;
    const isSame = before?.topic === letter.from.topic && before.partition === letter.from.partition;
    if (last && isSame && last.length < LETTERS_AT_ONCE) last.push(letter);
    else all.push([letter]);
  }
  return all;
}

/** The record to put back, or why there is none. */
async function recordFor(
  inspector: Inspector,
  { name, groupId }: Addressee,
  inputs: ReadonlyMap<string, Input>,
  letter: DeadLetter,
): Promise<OutgoingRecord | string> {
  const { from, isResult, cutFromBytes } = letter;
  const { topic, partition } = from;
  const input = inputs.get(topic);
  if (isResult) return `an operator made it, it is no record of ${topic}`;
  if (input === undefined) return `it is a record of ${topic}, which ${name} does not read any more`;
  const cut = cutFromBytes !== undefined;
  const record = cut ? await inspector.recordAt(from, from.offset) : letter.record;
  if (record === undefined) {
    return `it was cut from ${cutFromBytes} bytes, and ${topic} does not have the whole record any more`;
  }
  const { key, value, timestamp } = record;
  const headers = { ...record.headers, [REPLAYED_FOR]: [Buffer.from(groupId)] };
  const outgoing = { topic, key, value, timestamp, headers };
  const bytes = sizeOf(outgoing);
  if (bytes > input.mostBytes)
    return `${topic} takes records of at most ${input.mostBytes} bytes, and this one has ${bytes}`;
  return partition < input.partitions ? { ...outgoing, partition } : outgoing;
}

function commit(
  producer: RecordProducer,
  addressee: Addressee,
  records: readonly OutgoingRecord[],
  offset: bigint,
  mostBytes: ReadonlyMap<string, number>,
): Promise<unknown> {
  const consumed = { groupId: lettersGroup(addressee), partition: lettersPartition(addressee), offset };
  return producer.transact({ records, changelog: [], mostBytes, consumed: [consumed] });
}
