import type { Gate } from "../provider/roll.ts";

/** What Kafka says of itself: brokers, controller, and where every partition's replicas stand. */
export interface ClusterFacts {
  readonly brokers: readonly { readonly id: number; readonly address: string }[];
  readonly controllerId: number | null;
  readonly partitions: readonly PartitionFacts[];
}

export interface PartitionFacts {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/**
 * Asks Kafka before a broker goes down, as Strimzi's KafkaRoller does. With every replica in sync, a partition stays at
 * or above its min.insync.replicas wherever its replication factor allows the loss of any broker at all.
 */
export function brokerGate(
  hosts: Readonly<Record<string, { readonly address: string; readonly id: number }>>,
  brokerCount: number,
  describe: () => Promise<ClusterFacts>,
): Gate {
  return {
    async leader() {
      const { controllerId } = await describe();
      return Object.values(hosts).find(({ id }) => id === controllerId)?.address;
    },
    obstacle: async ({ host }) => brokerObstacle(await describe(), brokerCount, hosts[host]),
    async isOut({ host }) {
      const broker = hosts[host];
      const { brokers } = await describe();
      return broker !== undefined && !brokers.some(({ id, address }) => id === broker.id && address === broker.address);
    },
  };
}

/**
 * Why a cluster cannot lose a broker now; undefined when it can. Its own replicas may lag: they are lost already, and the
 * restart may be what mends them. It may still be told of under another address, where nobody reaches it: then the others
 * lag, behind it or without the controller that it is, and only its restart mends that. Pure.
 */
export function brokerObstacle(
  facts: ClusterFacts,
  brokerCount: number,
  broker: { readonly id: number; readonly address: string } | undefined,
): string | undefined {
  const own = broker?.id;
  const isElsewhere = facts.brokers.some(({ id, address }) => id === own && address !== broker?.address);
  const others = facts.brokers.filter(({ id }) => id !== own).length;
  if (others < brokerCount - 1) return `only ${facts.brokers.length} of ${brokerCount} brokers are up`;
  if (isElsewhere) return undefined;
  const lagging = facts.partitions.filter(({ replicas, inSync }) =>
    replicas.some((id) => id !== own && !inSync.includes(id)),
  );
  const [first] = lagging;
  if (first !== undefined) {
    const { topic, partition, inSync, replicas } = first;
    const more = lagging.length === 1 ? "" : ` (and ${lagging.length - 1} more)`;
    return `partition ${topic}/${partition}${more} has ${inSync.length} of ${replicas.length} replicas in sync`;
  }
  return undefined;
}

/** Topics with a partition that only one broker has in sync, by that broker's address. Pure. */
export function aloneOn({ brokers, partitions }: ClusterFacts): ReadonlyMap<string, readonly string[]> {
  return new Map(
    brokers.map(({ id, address }) => {
      const alone = partitions.filter(({ inSync }) => inSync.length === 1 && inSync[0] === id);
      return [address, [...new Set(alone.map(({ topic }) => topic))].sort()];
    }),
  );
}

/** Topics with a replica on the broker at an address, in sync or not; none when there is no such broker. Pure. */
export function heldBy({ brokers, partitions }: ClusterFacts, address: string): string[] {
  const id = brokers.find((broker) => broker.address === address)?.id;
  const held = partitions.filter(({ replicas }) => id !== undefined && replicas.includes(id));
  return [...new Set(held.map(({ topic }) => topic))].sort();
}
