import type { UnreadableBatchError } from "../kafka/errors.ts";
import type { Inspector, RecordProducer, TopicPartition } from "../kafka/kafka.ts";
import { deadLetterOfBatch } from "../runtime/dead-letter.ts";
import { committedAt, parseReadBefore } from "../runtime/positions.ts";
import type { ReplayCluster } from "./connect.ts";
import { asHolder, transactionalIdOf } from "./move-group.ts";
import type { Needs } from "./needs.ts";
import { partitionsIn } from "./readable-ranges.ts";
import type { Replayable } from "./replayable.ts";

/** Where a service waits, and for what. */
export interface Damage {
  readonly partition: TopicPartition;
  readonly batch: UnreadableBatchError;
}

/** The service claims its transactional id anew every few seconds while it waits. */
const ATTEMPTS = 5;

/** Of {@link findDamage} and {@link skipDamage}. */
export async function needsOfSkip(cluster: ReplayCluster, { spec, inputTopics }: Replayable): Promise<Needs> {
  const partitions = await partitionsIn(cluster, inputTopics);
  return {
    topics: [...inputTopics, ...(spec.deadLetterTopic === undefined ? [] : [spec.deadLetterTopic])],
    groups: [spec.groupId],
    transactionalIds: partitions.map(({ partition }) => transactionalIdOf(spec, partition)),
  };
}

/** The damaged batches that a service has come to. */
export async function findDamage(cluster: ReplayCluster, { spec, inputTopics }: Replayable): Promise<Damage[]> {
  const partitions = await partitionsIn(cluster, inputTopics);
  return cluster.kafka.inspect(async (inspector) => {
    const found: Damage[] = [];
    for (const partition of partitions) {
      const batch = await damageAt(inspector, spec.groupId, partition);
      if (batch) found.push({ partition, batch });
    }
    return found;
  });
}

async function damageAt(inspector: Inspector, groupId: string, partition: TopicPartition) {
  const committed = await inspector.committed(groupId, partition);
  return inspector.damagedBatch(partition, committed?.offset ?? (await inspector.earliestOffset(partition)));
}

/**
 * Passes over one of them: a dead letter that names its offsets, and the position behind them, in one transaction. The state stays as
 * it is. False when the service is not at it any more, or the partition's leader has it undamaged by now.
 */
export async function skipDamage(
  { kafka }: ReplayCluster,
  { spec }: Replayable,
  { partition, batch }: Damage,
): Promise<boolean> {
  const { groupId, name, deadLetterTopic } = spec;
  const records = deadLetterTopic === undefined ? [] : [deadLetterOfBatch(deadLetterTopic, name, partition, batch)];
  return kafka.inspect(async (inspector) => {
    const options = {
      transactionalId: transactionalIdOf(spec, partition.partition),
      partition: partition.partition,
      copartitioned: [],
    };
    const skip = async (producer: RecordProducer) => {
      // Nobody else moves the position any more.
      const now = await damageAt(inspector, groupId, partition);
      if (now?.first !== batch.first || now.last !== batch.last) return false;
      // A replay goes on as one: it knows how far the group had read before.
      const kept = await inspector.committed(groupId, partition);
      const position = committedAt(batch.last + 1n, kept === undefined ? 0n : parseReadBefore(kept));
      await producer.transact({ records, changelog: [], consumed: [{ groupId, partition, ...position }] });
      return true;
    };
    const isSkipped = await asHolder(kafka, options, skip, ATTEMPTS);
    if (!isSkipped) return false;
    // One that has nothing to write does not find out by itself that it was fenced.
    await inspector.retireMembers(groupId);
    return true;
  });
}
