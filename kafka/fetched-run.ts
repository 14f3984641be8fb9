import {
  ATTRIBUTES_AT,
  CONTROL,
  CRC_AT,
  HEAD_BYTES,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  MAGIC,
  MAGIC_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  RECORDS_AT,
  TRANSACTIONAL,
} from "./batch-layout.ts";
import type { Requests } from "./cluster.ts";
import { crc32c } from "./crc32c.ts";
import type { FetchedRecords, RecordBatch, TopicPartition } from "./kafka.ts";
import { requireNoError } from "./protocol/error-codes.ts";
import { fetch, NO_EPOCH, NO_OFFSET, NO_REPLICA, READ_COMMITTED } from "./protocol/messages.ts";
import type { ValueOf } from "./protocol/types.ts";
import { recordsOf } from "./record-reader.ts";

/** `type` in the key of a control record, behind its version. */
const MARKER_TYPE_AT = 2;
const ABORT = 0;

export type FetchedPartition = ValueOf<typeof fetch.response>["responses"][number]["partitions"][number];

/** From where on a partition is to be fetched, and the epoch of who is thought to lead it. */
export interface Asked extends TopicPartition {
  readonly from: bigint;
  readonly epoch: number;
}

/**
 * Fetches from one broker what is committed, in the order in which it is asked for, outside of a session (KIP-227). Each
 * partition may have an error of its own.
 * @param limits for how long to wait when there is nothing, and what all of it may take, as each partition may
 */
export async function fetchFrom(
  broker: Requests,
  nodeId: number,
  asked: readonly Asked[],
  { maxWaitMs, maxBytes }: { readonly maxWaitMs: number; readonly maxBytes: number },
): Promise<(FetchedPartition & { readonly topic: string })[]> {
  const { errorCode, responses } = await broker.request(fetch, {
    ...{ replicaId: NO_REPLICA, maxWaitMs, minBytes: 1, maxBytes },
    ...{ isolationLevel: READ_COMMITTED, sessionId: 0, sessionEpoch: -1 },
    topics: [...Map.groupBy(asked, ({ topic }) => topic)].map(([topic, its]) => ({
      topic,
      partitions: its.map(({ partition, from, epoch }) => ({
        ...{ partition, currentLeaderEpoch: epoch, fetchOffset: from, lastFetchedEpoch: NO_EPOCH },
        ...{ logStartOffset: NO_OFFSET, partitionMaxBytes: maxBytes },
      })),
    })),
    ...{ forgottenTopicsData: [], rackId: "" },
  });
  requireNoError(errorCode, `broker ${nodeId}`);
  return responses.flatMap(({ topic, partitions }) => partitions.map((each) => ({ topic, ...each })));
}

/** What one fetch brought of a partition. */
export interface FetchedRun {
  /** Committed records only. */
  readonly records: FetchedRecords;
  readonly isEmpty: boolean;
  /** The offset to go on from: behind all that was fetched, also when nothing of it was committed. */
  readonly nextOffset: bigint;
  /** How many bytes came. */
  readonly bytes: number;
}

/**
 * Whole batches from an offset on, without the marks of transactions and without what was aborted. The leader tells which
 * transactions were aborted, with where each began in this partition (KIP-98).
 *
 * What a damaged batch says of itself may be wrong, so that none is left out on its own word: whoever reads its records
 * refuses it.
 */
export async function fetchedRun(
  { topic, partition }: TopicPartition,
  { records, abortedTransactions }: Pick<FetchedPartition, "records" | "abortedTransactions">,
  from: bigint,
): Promise<FetchedRun> {
  const batches: RecordBatch[] = [];
  const aborted = [...(abortedTransactions ?? [])].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const open = new Set<bigint>();
  let nextOffset = from;
  let leaderEpoch: number | undefined;
  for (const batch of wholeBatches(records, `${topic}/${partition}`)) {
    const { bytes, baseOffset } = batch;
    const lastOffset = lastOffsetOf(batch);
    if (lastOffset === undefined) {
      batches.push(batch);
      nextOffset = (baseOffset > from ? baseOffset : from) + 1n;
      continue;
    }
    // Compaction may have taken a batch's last records, or all of them, but leaves its last offset.
    nextOffset = lastOffset + 1n;
    leaderEpoch = bytes.readInt32BE(LEADER_EPOCH_AT);
    const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
    const producerId = bytes.readBigInt64BE(PRODUCER_ID_AT);
    for (let first = aborted[0]; first !== undefined && first.firstOffset <= lastOffset; first = aborted[0]) {
      open.add(first.producerId);
      aborted.shift();
    }
    const isMarker = (attributes & CONTROL) !== 0;
    const isAborted = (attributes & TRANSACTIONAL) !== 0 && open.has(producerId);
    if ((isMarker || isAborted) && isSound(batch)) {
      if (isMarker && isAbort(batch)) open.delete(producerId);
    } else if (lastOffset >= from && (bytes.readInt32BE(RECORD_COUNT_AT) > 0 || !isSound(batch))) batches.push(batch);
  }
  const [first] = batches;
  return {
    records: {
      firstOffset: first !== undefined && first.baseOffset > from ? first.baseOffset : from,
      ...(leaderEpoch !== undefined && { leaderEpoch }),
      batches,
      decode: (at = from) => recordsOf(batches, at),
    },
    isEmpty: batches.length === 0,
    nextOffset,
    bytes: records?.length ?? 0,
  };
}

/** Undefined where it cannot be true. */
export function lastOffsetOf({ baseOffset, bytes }: RecordBatch): bigint | undefined {
  const delta = bytes.readInt32BE(LAST_OFFSET_DELTA_AT);
  return delta >= 0 && delta >= bytes.readInt32BE(RECORD_COUNT_AT) - 1 ? baseOffset + BigInt(delta) : undefined;
}

function isSound({ bytes }: RecordBatch): boolean {
  return crc32c(bytes, ATTRIBUTES_AT) === bytes.readUInt32BE(CRC_AT);
}

/** The last may be cut off: a broker fills its answer to the byte. */
export function* wholeBatches(records: Buffer | null, where: string): Generator<RecordBatch> {
  for (let at = 0; records !== null && at + HEAD_BYTES <= records.length; ) {
    const length = records.readInt32BE(at + 8);
    const end = at + HEAD_BYTES + length;
    if (end > records.length) return;
    const bytes = records.subarray(at + HEAD_BYTES, end);
    const baseOffset = records.readBigInt64BE(at);
    if (length < RECORDS_AT) throw new Error(`${where}: the batch at offset ${baseOffset} has only ${length} bytes`);
    if (bytes[MAGIC_AT] !== MAGIC) {
      throw new Error(`${where}: the batch at offset ${baseOffset} is in a format from before Kafka 0.11`);
    }
    yield { baseOffset, bytes };
    at = end;
  }
}

/** A control batch has one record, whose key tells what it is (KIP-98). */
function isAbort(batch: RecordBatch): boolean {
  const [marker] = recordsOf([batch]);
  return marker?.key?.readInt16BE(MARKER_TYPE_AT) === ABORT;
}
