import { askBroker } from "./ask-broker.ts";
import { int8, int32 } from "./primitive-types.ts";
import type { Reader } from "./reader.ts";

/** A cluster as one of its brokers knows it. */
export interface ClusterMetadata {
  /** `host:port` of each broker that is there, by its id. */
  readonly brokers: ReadonlyMap<number, string>;
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly topic: string;
  readonly partition: number;
  /** Broker id; undefined while nobody leads it. */
  readonly leader: number | undefined;
  /** Broker ids. */
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/**
 * Asks a broker (`host:port`) for all brokers and partitions: Kafka protocol guide, Metadata version 4. kafkajs tells
 * nothing of any partition as long as one has no leader. Throws when there is no answer.
 */
export function clusterMetadata(server: string): Promise<ClusterMetadata> {
  return askBroker(server, "read the cluster's brokers and partitions", {
    apiKey: 3,
    apiVersion: 4,
    // All topics, and none is made.
    body: Buffer.concat([int32(-1), int8(0)]),
    read(answer) {
      answer.int32(); // throttle time
      const brokers = answer.array(() => {
        const [id, host, port] = [answer.int32(), answer.string(), answer.int32()];
        answer.string(); // rack
        return [id, `${host}:${port}`] as const;
      });
      answer.string(); // the cluster's id
      answer.int32(); // the controller
      return { brokers: new Map(brokers), partitions: answer.array(() => partitionsOfTopic(answer)).flat() };
    },
  });
}

function partitionsOfTopic(answer: Reader): PartitionMetadata[] {
  answer.int16(); // error
  const topic = answer.string() ?? "";
  answer.int8(); // internal
  return answer.array(() => {
    answer.int16(); // error: what it says of a leader, the leader says too
    const [partition, leader] = [answer.int32(), answer.int32()];
    const [replicas, inSync] = [answer.array(() => answer.int32()), answer.array(() => answer.int32())];
    return { topic, partition, leader: leader < 0 ? undefined : leader, replicas, inSync };
  });
}
