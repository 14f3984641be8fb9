import type { IncomingRecord, Inspector, OutgoingRecord, RecordProducer } from "../kafka/kafka.ts";
import { sizeOf } from "../kafka/size-of.ts";
import { REPLAYED_FOR, REPLAYED_FROM } from "../runtime/addressed-to.ts";
import { type DeadLetter, type Place, parseDeadLetter } from "../runtime/dead-letter.ts";
import { partitionsOf, type ReplayCluster } from "./connect.ts";
import {
  type Consumer,
  deadLetterGroup,
  deadLetterPartition,
  deadLetterPosition,
  type RefusedRecords,
  refusedRecords,
} from "./dead-letters.ts";
import type { Needs } from "./needs.ts";

export interface PutBack {
  readonly records: number;
  /** Records that cannot be put back, each with the reason. Their dead letters go on waiting. */
  readonly left: readonly { readonly from: Place; readonly why: string }[];
}

/** What a topic has room for. */
interface Input {
  readonly partitions: number;
  readonly maxRecordBytes: number;
}

/** How many dead letters go in one transaction, and how many bytes of those that stay are held at once. */
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
 * Puts the dead letters that are waiting back into the service's input topic, for that service alone: each record once, however
 * often it was refused, at the partition, key, headers and timestamp that it had. A transaction that holds records holds
 * the position behind their dead letters too, so each is put back once, however often this is cut short and begun again.
 */
export async function putBack(cluster: ReplayCluster, consumer: Consumer): Promise<PutBack> {
  const { kafka } = cluster;
  await partitionsOf(cluster, consumer.deadLetterTopic);
  // Claimed first: a run before this one that hangs somewhere cannot commit any more.
  const producer = await kafka.producer({
    transactionalId: transactionalIdOf(consumer),
    partition: 0,
    copartitioned: [],
  });
  return kafka.inspect(async (inspector) => {
    const inputs = new Map<string, Input>();
    for (const topic of consumer.inputTopics) {
      inputs.set(topic, {
        partitions: await partitionsOf(cluster, topic),
        maxRecordBytes: await inspector.maxRecordBytes(topic),
      });
    }
    const position = await deadLetterPosition(inspector, consumer);
    // What the service refuses again comes behind the end of these: it waits for the next time.
    const refused = await refusedRecords(inspector, consumer, position);
    const limits = new Map([...inputs].map(([topic, input]) => [topic, input.maxRecordBytes]));
    const run = new Run(producer, consumer, limits, await inspector.maxRecordBytes(consumer.deadLetterTopic));
    for (let from = position; from < refused.end; ) {
      const { records, nextOffset } = await inspector.read(deadLetterPartition(consumer), from);
      for (const letters of inTransactions(newestOf(records.decode(), refused))) {
        const ready = letters.map(({ deadLetter }) => recordFor(inspector, consumer, inputs, deadLetter));
        await run.take(letters, await Promise.all(ready));
      }
      from = nextOffset;
    }
    return run.done;
  });
}

/** A dead letter, and the record that it is in Kafka. */
interface Letter {
  readonly deadLetter: DeadLetter;
  readonly record: IncomingRecord;
}

/** One dead letter for each refused record. */
function newestOf(records: Iterable<IncomingRecord>, refused: RefusedRecords): Letter[] {
  const letters: Letter[] = [];
  for (const record of records) {
    const deadLetter = parseDeadLetter(record);
    if (deadLetter && refused.records.get(deadLetter.id)?.newest === record.offset)
      letters.push({ deadLetter, record });
  }
  return letters;
}

/** Letters of one partition go together, in their order. */
function inTransactions(letters: readonly Letter[]): Letter[][] {
  const all: Letter[][] = [];
  for (const letter of letters) {
    const last = all.at(-1);
    const [before, its] = [last?.[0]?.deadLetter.from, letter.deadLetter.from];
    const isSame = before?.topic === its.topic && before.partition === its.partition;
    if (last && isSame && last.length < DEAD_LETTERS_AT_ONCE) last.push(letter);
    else all.push([letter]);
  }
  return all;
}

/** What is done with the dead letters, in their order. */
class Run {
  readonly #producer: RecordProducer;
  readonly #consumer: Consumer;
  readonly #maxRecordBytes: ReadonlyMap<string, number>;
  readonly #left: PutBack["left"][number][] = [];
  #records = 0;
  /** Those that cannot be put back, and that the position has not passed. */
  #staying: IncomingRecord[] = [];
  #stayingBytes = 0;

  constructor(
    producer: RecordProducer,
    consumer: Consumer,
    limits: ReadonlyMap<string, number>,
    maxDeadLetterBytes: number,
  ) {
    this.#producer = producer;
    this.#consumer = consumer;
    this.#maxRecordBytes = new Map([...limits, [consumer.deadLetterTopic, maxDeadLetterBytes]]);
  }

  get done(): PutBack {
    return { records: this.#records, left: this.#left };
  }

  /** @param ready for each letter the record to put back, or why there is none */
  async take(letters: readonly Letter[], ready: readonly (OutgoingRecord | string)[]): Promise<void> {
    const isPut = (_: Letter, i: number) => typeof ready[i] !== "string";
    const lastPut = letters.findLastIndex(isPut);
    letters.forEach((letter, i) => {
      if (i < lastPut) this.#stay(letter, ready[i]);
    });
    const first = letters.find(isPut)?.record.offset;
    const last = letters[lastPut]?.record.offset;
    if (first !== undefined && last !== undefined) {
      await this.#moveBehind(first);
      const put = ready.filter((each) => typeof each !== "string");
      await this.#commit(put, last + 1n);
      this.#records += put.length;
    }
    letters.forEach((letter, i) => {
      if (i > lastPut) this.#stay(letter, ready[i]);
    });
    if (this.#stayingBytes > BYTES_AT_ONCE) await this.#moveBehind((letters.at(-1)?.record.offset ?? 0n) + 1n);
  }

  #stay({ deadLetter, record }: Letter, why: OutgoingRecord | string | undefined): void {
    if (typeof why !== "string") return;
    this.#left.push({ from: deadLetter.from, why });
    this.#staying.push(record);
    this.#stayingBytes += sizeOf(record);
  }

  /**
   * The position is about to pass those that stay: they are written again, as they are, behind all others. One that comes
   * to be there twice, as after a crash, is still the same.
   */
  async #moveBehind(position: bigint): Promise<void> {
    if (this.#staying.length === 0) return;
    const topic = this.#consumer.deadLetterTopic;
    const again = this.#staying.map(({ key, value, headers, timestamp }) => ({
      topic,
      key,
      value,
      headers,
      timestamp,
    }));
    await this.#commit(again, position);
    this.#staying = [];
    this.#stayingBytes = 0;
  }

  #commit(records: readonly OutgoingRecord[], offset: bigint): Promise<unknown> {
    const consumer = this.#consumer;
    const consumed = { groupId: deadLetterGroup(consumer), partition: deadLetterPartition(consumer), offset };
    return this.#producer.transact({
      records,
      changelog: [],
      maxRecordBytes: this.#maxRecordBytes,
      consumed: [consumed],
    });
  }
}

/** The record to put back, or why there is none. */
async function recordFor(
  inspector: Inspector,
  { name, groupId }: Consumer,
  inputs: ReadonlyMap<string, Input>,
  deadLetter: DeadLetter,
): Promise<OutgoingRecord | string> {
  const { id, from, isResult, cutFromBytes, lastOffset } = deadLetter;
  const { topic, partition } = from;
  const input = inputs.get(topic);
  if (lastOffset !== undefined) return "it stands for a batch that could not be read, and has no records";
  if (isResult) return `an operator produced it; it is not a record of ${topic}`;
  if (input === undefined) return `it is a record of ${topic}, which ${name} no longer reads`;
  const record = cutFromBytes === undefined ? deadLetter.record : await wholeRecord(inspector, deadLetter);
  if (record === undefined) {
    return `it was cut from ${cutFromBytes} bytes, and ${topic} no longer has the whole record`;
  }
  if (record.refusal !== undefined) return record.refusal.why;
  const { key, value, timestamp } = record;
  const headers = { ...record.headers, [REPLAYED_FOR]: [Buffer.from(groupId)], [REPLAYED_FROM]: [Buffer.from(id)] };
  const outgoing = { topic, key, value, timestamp, headers };
  const bytes = sizeOf(outgoing);
  if (bytes > input.maxRecordBytes)
    return `${topic} takes records of at most ${input.maxRecordBytes} bytes, and this one has ${bytes}`;
  return partition < input.partitions ? { ...outgoing, partition } : outgoing;
}

/** A record of another time is another: the topic was made anew. */
async function wholeRecord(
  inspector: Inspector,
  { at, from, record: { timestamp } }: DeadLetter,
): Promise<IncomingRecord | undefined> {
  for (const place of [at, from]) {
    const record = await inspector.recordAt(place, place.offset);
    if (record?.timestamp === timestamp) return record;
  }
  return undefined;
}
