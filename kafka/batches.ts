import type { EncodedRecords, OutgoingRecord } from "./kafka.ts";
import { RecordWriter } from "./record-writer.ts";
import { sizeOf } from "./size-of.ts";

/** A broker refuses batches over 1 MiB by default (`message.max.bytes`): what is sent stays well below it. */
const MAX_BATCH_BYTES = 512 * 1024;

/** A batch, and what it was made of; undefined where that was not objects. */
export interface Batch {
  readonly encoded: EncodedRecords;
  readonly records: readonly OutgoingRecord[] | undefined;
}

/** Records for one partition, as they are sent: a batch at a time. */
export interface PartitionBatches {
  readonly topic: string;
  readonly partition: number;
  readonly batches: readonly Batch[];
}

/**
 * Puts records into batches of bounded size, one after the other, by the partition that they go to.
 * @param partitionOf chooses the partition of a record
 * @param maxRecordBytes what each of these topics takes at once, as `sizeOf` has it
 */
export function batchesOf(
  records: readonly OutgoingRecord[],
  partitionOf: (record: OutgoingRecord) => number,
  maxRecordBytes: ReadonlyMap<string, number> = new Map(),
): PartitionBatches[] {
  const now = Date.now();
  const open = new Map<string, OpenBatches>();
  for (const record of records) {
    const partition = partitionOf(record);
    const name = `${record.topic}/${partition}`;
    let its = open.get(name);
    if (its === undefined) {
      const maxBytes = Math.min(MAX_BATCH_BYTES, maxRecordBytes.get(record.topic) ?? MAX_BATCH_BYTES);
      its = new OpenBatches(record.topic, partition, maxBytes);
      open.set(name, its);
    }
    its.add(record, now);
  }
  return [...open.values()].map((its) => its.finish());
}

class OpenBatches {
  readonly #topic: string;
  readonly #partition: number;
  readonly #maxBytes: number;
  readonly #batches: Batch[] = [];
  #records: OutgoingRecord[] = [];
  #writer: RecordWriter | undefined;
  #bytes = 0;

  constructor(topic: string, partition: number, maxBytes: number) {
    this.#topic = topic;
    this.#partition = partition;
    this.#maxBytes = maxBytes;
  }

  add(record: OutgoingRecord, now: number): void {
    const size = sizeOf(record);
    if (this.#writer !== undefined && this.#bytes + size > this.#maxBytes) this.#close();
    this.#writer ??= new RecordWriter(size);
    this.#bytes += size;
    this.#records.push(record);
    this.#writer.writeRecord(record, record.timestamp === undefined ? now : Number(record.timestamp));
  }

  finish(): PartitionBatches {
    this.#close();
    return { topic: this.#topic, partition: this.#partition, batches: this.#batches };
  }

  #close(): void {
    if (this.#writer !== undefined) this.#batches.push({ encoded: this.#writer.finish(), records: this.#records });
    this.#writer = undefined;
    this.#records = [];
    this.#bytes = 0;
  }
}
