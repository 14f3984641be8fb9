import type { Format } from "../operators/format.ts";
import type { Generator } from "../operators/generated-values.ts";
import type { StateBasis } from "../operators/operator.ts";
import type { ProcessingGuarantee } from "../operators/processing-guarantee.ts";
import type { TopicFormat } from "../operators/topics-of.ts";

export { topicsOf } from "../operators/topics-of.ts";

/**
 * A pipeline file as typed data: what the loader yields once every fault is gone, with every default filled in.
 * Everything downstream (resources, offline check, comparison) reads this and never the YAML.
 */
export interface Pipeline {
  /** The file's name without its extension; prefixes group ids, transactional ids and internal topics. */
  readonly name: string;
  /** Absolute path of the file on this machine. */
  readonly file: string;
  readonly cluster: Cluster;
  /** Every topic the pipeline needs, declared, implied by a service, or internal, sorted by name. */
  readonly topics: readonly Topic[];
  /** Upstream first: a service comes after the services that write what it reads. */
  readonly services: readonly Service[];
}

export interface Cluster {
  /** In the order of the file. */
  readonly hosts: readonly Host[];
  readonly kafka: Kafka;
  /** What keeps the cluster's metadata: one of the two, for the life of the cluster. */
  readonly metadata: ZooKeeper | KRaft;
}

export interface Host {
  readonly name: string;
  /** Its broker id, which Kafka and ZooKeeper know it by for as long as it has data. */
  readonly id: number;
  /** IPv4 address or resolvable name, as clients of the cluster reach it. */
  readonly address: string;
}

export interface Kafka {
  readonly version: string;
  /** Installation folder on each host. */
  readonly home: string;
  /** JVM heap in the JVM's notation, e.g. "256m". */
  readonly heap: string;
  /** Names of the hosts that run a broker. */
  readonly brokers: readonly string[];
  /** Further broker settings under Kafka's own dotted keys; they win over bramble's defaults. */
  readonly config: Readonly<Record<string, string>>;
}

export interface ZooKeeper {
  readonly mode: "zookeeper";
  readonly heap: string;
  /** Names of the hosts that vote: an odd number. */
  readonly voters: readonly string[];
  /** Names of the remaining hosts, which follow without a vote. */
  readonly observers: readonly string[];
}

export interface KRaft {
  readonly mode: "kraft";
  /** JVM heap of a controller that has no broker beside it; one that has shares the broker's. */
  readonly heap: string;
  /** Names of the hosts that vote: an odd number. The brokers of the others follow without a vote. */
  readonly controllers: readonly string[];
}

export interface Topic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Kafka's dotted topic settings. */
  readonly config: Readonly<Record<string, string>>;
  /** `stream` carries the pipeline's records; the others belong to one service. */
  readonly role: "stream" | "changelog" | "dead-letters";
}

export interface Service {
  readonly name: string;
  /** Name of the host of each of its replicas, the first one first. */
  readonly on: readonly string[];
  readonly input: Input;
  readonly apply: readonly Step[];
  readonly output: Output;
  /** How far ahead of the clock an event time may be; DEFAULT_MAX_AHEAD when it is absent. */
  readonly maxAheadMs?: number;
  /** exactly_once when it is absent. */
  readonly processingGuarantee?: ProcessingGuarantee;
  /** Compacted topic that holds the operators' state and, for a source, its position; absent when there is none to keep. */
  readonly changelogTopic?: string;
  /** Topic for records that could not be processed; absent for a source that is known to hold none. */
  readonly deadLetterTopic?: string;
}

/** A `format` that is absent is that of numbers. */
export type Input =
  | ({ readonly kind: "topic" } & TopicFormat)
  /** Several topics merged to one stream: each in its order, none before another. */
  | { readonly kind: "topics"; readonly topics: readonly TopicFormat[] }
  | {
      readonly kind: "file";
      /** Absolute path on this machine; shipped with the service's release. */
      readonly path: string;
      /** Pause between two records, in milliseconds. */
      readonly everyMs: number;
      readonly format?: Format;
    }
  /** A file that grows, on the host of the service; `path` is absolute there. */
  | { readonly kind: "follow"; readonly path: string; readonly format?: Format }
  | (Generator & {
      readonly everyMs: number;
      /** Number of records; without end when it is absent. */
      readonly count?: number;
    });

export type Output =
  | ({ readonly kind: "topic" } & TopicFormat)
  /** Each value goes to the first of these that takes it, or nowhere. */
  | { readonly kind: "branches"; readonly branches: readonly Branch[] }
  /** Prints each value, or each value with every stage it passed through, on standard output (the journal). */
  | { readonly kind: "log"; readonly stages: boolean }
  /** Each value is a line of a file of this name, in the service's folder on its host. */
  | { readonly kind: "file"; readonly name: string; readonly format?: Format };

/** A topic with the filter that chooses what goes there; without one, everything that is left does. */
export interface Branch extends TopicFormat {
  readonly when?: Step;
}

/** One operator of a chain with its validated parameters. */
export interface Step {
  readonly operator: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The parameters as the file has them: 4s, where `params` has 4000. */
  readonly written: Readonly<Record<string, unknown>>;
  /** Path of the field that it works on, such as position.lat; the whole value when it is absent. */
  readonly field?: string;
  /** Whether it keeps state from one value to the next. */
  readonly stateful: boolean;
  /** What its state depends on: another basis than before, and the state starts anew. */
  readonly stateBasis: StateBasis;
  /** Absolute path of the TypeScript file that exports the operator. */
  readonly module: string;
}
