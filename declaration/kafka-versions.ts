/** Where a Kafka cluster keeps its metadata: in a ZooKeeper ensemble, or in Kafka itself (KRaft, KIP-500). */
export type Mode = "zookeeper" | "kraft";

export interface KafkaSeries {
  /** Version that is deployed when the file names none. */
  readonly version: string;
  /** Versions that a file may name. */
  readonly fits: RegExp;
  /** The same in words. */
  readonly expected: string;
  /** Least Java feature version that its brokers run on. */
  readonly java: number;
}

/**
 * Which Apache Kafka goes with which mode, the only place that says so. Kafka 3.9 is the last series that has ZooKeeper;
 * Kafka 4 has KRaft alone.
 */
export const kafkaSeries: Readonly<Record<Mode, KafkaSeries>> = {
  zookeeper: {
    version: "3.9.2",
    fits: /^3\./,
    expected: "a version 3.x.y. Kafka 4 has no ZooKeeper; it goes with `kraft: {}` in place of zookeeper",
    java: 11,
  },
  kraft: {
    version: "4.3.1",
    fits: /^4\./,
    expected: "a version 4.x.y. Kafka 3 goes with zookeeper",
    java: 17,
  },
};
