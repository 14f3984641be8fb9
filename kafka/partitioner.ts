import type { OutgoingRecord, RecordProducerOptions } from "./kafka.ts";
import { murmur2 } from "./murmur2.ts";

/**
 * The partition that a record goes to: records with a key go where Kafka's own clients put them; those without follow the
 * input partition.
 * @param count how many partitions the topic has
 */
export function partitionFor(
  { topic, key, partition }: Pick<OutgoingRecord, "topic" | "key" | "partition">,
  count: number,
  { partition: input, copartitioned }: Pick<RecordProducerOptions, "partition" | "copartitioned">,
): number {
  const chosen = partition ?? (copartitioned.includes(topic) ? input : undefined);
  if (chosen === undefined) return key === null ? input % count : (murmur2(bytesOf(key)) & 0x7fffffff) % count;
  if (chosen < count) return chosen;
  throw new Error(`${topic} has ${count} partitions; a record is for partition ${chosen}`);
}

function bytesOf(key: Buffer | string): Buffer {
  return typeof key === "string" ? Buffer.from(key) : key;
}
