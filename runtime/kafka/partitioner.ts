import { type PartitionerArgs, Partitioners } from "kafkajs";
import type { RecordProducerOptions } from "./kafka.ts";
import type { EncodedRecords } from "./record-writer.ts";

/** Records with a key go where Kafka's own clients put them; those without follow the input partition. */
export function partitioner({ partition, copartitioned }: RecordProducerOptions, partitionsOf: Map<string, number>) {
  const byKey = Partitioners.DefaultPartitioner();
  return (args: PartitionerArgs): number => {
    const unkeyed = args.message.key === null || args.message.key === undefined;
    const count = args.partitionMetadata.length;
    partitionsOf.set(args.topic, count);
    const { encoded } = args.message as { encoded?: EncodedRecords };
    if (encoded?.keyed && count > 1) throw new Error(`${args.topic} has grown to ${count} partitions`);
    if (args.message.partition !== undefined) return args.message.partition;
    if (!copartitioned.includes(args.topic)) return unkeyed ? partition % count : byKey(args);
    // kafkajs drops, without a word, what is sent to a partition that is not there.
    if (partition >= count)
      throw new Error(`${args.topic} has ${count} partitions; a record is for partition ${partition}`);
    return partition;
  };
}
