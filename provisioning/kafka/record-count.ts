import type { RecordCount } from "../resources/resource-type.ts";
import { askBroker } from "./ask-broker.ts";
import { clusterMetadata } from "./cluster-metadata.ts";
import { keyOf, partitionOffsets } from "./partition-offsets.ts";
import { array, int8, int32, int64, string } from "./primitive-types.ts";

const readCommitted = 1;
const fetchBytes = 1024 * 1024;
/** What is read of a topic to count it; some 30,000 records, each written alone, or many times that in larger batches. */
const maxBytes = 4 * fetchBytes;

/** Where the fields of a record batch are (Kafka's protocol guide, "Record Batch", format v2). */
const batchLengthAt = 8;
const magicAt = 16;
const attributesAt = 21;
const lastOffsetDeltaAt = 23;
const producerIdAt = 43;
const recordCountAt = 57;
const recordsAt = 61;
/** Of a control batch's only record: behind five numbers of a byte each and the version of its key. */
const controlTypeAt = recordsAt + 7;
const isTransactional = 0x10;
const isControl = 0x20;
const abort = 0;

/** A piece of a partition's log, as it was fetched. */
export interface FetchedLog {
  /** Producers whose transactions were aborted, and the first offset of each of these. */
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[];
  /** Record batches; the last may be cut. */
  readonly batches: Buffer;
}

/**
 * Counts the committed records in a fetched piece by the headers of its batches, from an offset on. Offsets alone would not tell: the
 * end of a transaction has one too, an aborted record keeps its own, and compaction leaves gaps.
 * @returns `next` is where to go on; the same offset when the piece has no whole batch
 */
export function countFetched({ aborted, batches }: FetchedLog, from: number): { records: number; next: number } {
  const left = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<number>();
  let records = 0;
  let next = from;
  for (let at = 0; at + recordsAt <= batches.length; ) {
    const end = at + batchLengthAt + 4 + batches.readInt32BE(at + batchLengthAt);
    if (end > batches.length) break;
    if (batches.readInt8(at + magicAt) !== 2) throw new Error("its format is older than Kafka 0.11");
    const last = Number(batches.readBigInt64BE(at)) + batches.readInt32BE(at + lastOffsetDeltaAt);
    const attributes = batches.readInt16BE(at + attributesAt);
    const producerId = Number(batches.readBigInt64BE(at + producerIdAt));
    for (; (left[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= last; left.shift()) {
      aborting.add(left[0]?.producerId ?? -1);
    }
    if ((attributes & isControl) !== 0) {
      if (batches.readInt16BE(at + controlTypeAt) === abort) aborting.delete(producerId);
    } else if ((attributes & isTransactional) === 0 || !aborting.has(producerId)) {
      // Of the first batch, some may be before.
      if (last >= from) records += Math.min(batches.readInt32BE(at + recordCountAt), last + 1 - from);
    }
    next = Math.max(next, last + 1);
    at = end;
  }
  return { records, next };
}

/**
 * Counts the records of a topic; no more than an upper bound where they are many, or where a transaction is open. Throws when a
 * partition's leader cannot be asked.
 * @param server a broker that answers, `host:port`
 */
export async function countRecords(server: string, topic: string): Promise<RecordCount> {
  const { brokers, partitions } = await clusterMetadata(server);
  let [records, isExact, bytesLeft] = [0, true, maxBytes];
  for (const { partition, leader = -1 } of partitions.filter((each) => each.topic === topic)) {
    const its = { topic, partition };
    const broker = brokers.get(leader);
    if (broker === undefined) throw new Error(`${keyOf(its)}: no leader`);
    let at = await earliest(broker, its);
    for (let end = at; ; ) {
      const fetched = await fetchLog(broker, its, at);
      const counted = countFetched(fetched, at);
      end = Math.max(end, fetched.highWatermark);
      records += counted.records;
      bytesLeft -= fetched.batches.length;
      const isStuck = counted.next === at;
      at = counted.next;
      if (at < end && !isStuck && bytesLeft > 0) continue;
      records += Math.max(0, end - at);
      isExact &&= at >= end;
      break;
    }
  }
  return { records, isExact };
}

interface Partition {
  readonly topic: string;
  readonly partition: number;
}

async function earliest(broker: string, partition: Partition): Promise<number> {
  const offset = (await partitionOffsets(broker, [partition], "earliest")).get(keyOf(partition));
  if (offset === undefined) throw new Error(`${keyOf(partition)}: its leader has moved`);
  return offset;
}

/** Kafka protocol guide, Fetch version 4. */
function fetchLog(
  broker: string,
  { topic, partition }: Partition,
  from: number,
): Promise<FetchedLog & { readonly highWatermark: number }> {
  const wanted = Buffer.concat([int32(partition), int64(from), int32(fetchBytes)]);
  const topics = array([Buffer.concat([string(topic), array([wanted])])]);
  const limits = [int32(-1), int32(0), int32(0), int32(fetchBytes), int8(readCommitted)];
  return askBroker(broker, `read ${topic}/${partition}`, {
    apiKey: 1,
    apiVersion: 4,
    body: Buffer.concat([...limits, topics]),
    read(answer) {
      answer.int32(); // throttle time
      const [[found] = []] = answer.array(() => {
        answer.string();
        return answer.array(() => {
          answer.int32(); // partition
          const error = answer.int16();
          if (error !== 0) throw new Error(`error ${error}`);
          const highWatermark = answer.int64();
          answer.int64(); // last stable offset
          const aborted = answer.array(() => ({ producerId: answer.int64(), firstOffset: answer.int64() }));
          return { highWatermark, aborted, batches: answer.sized() };
        });
      });
      if (found === undefined) throw new Error("the answer is empty");
      return found;
    },
  });
}
