import { FORMATS, type Format } from "../operators/format.ts";
import type { Path } from "./diagnostic.ts";
import type { Mode } from "./kafka-versions.ts";

/**
 * What can be read from a pipeline file whatever its shape: names and references, each only where it has its right type.
 * Rules look at the draft, so that they can tell all they know in one go with the faults of shape.
 */
export interface Draft {
  readonly hosts: ReadonlyMap<string, DraftHost>;
  /** As written; undefined when left to default. */
  readonly brokers: readonly string[] | undefined;
  readonly brokerSettings: ReadonlyMap<string, unknown>;
  readonly version: string | undefined;
  /** Which of zookeeper and kraft stand there at all. */
  readonly modes: readonly Mode[];
  readonly voters: readonly string[] | undefined;
  readonly controllers: readonly string[] | undefined;
  readonly topics: ReadonlyMap<string, DraftTopic>;
  readonly services: ReadonlyMap<string, DraftService>;
}

export interface DraftHost {
  readonly address: unknown;
  /** As written; undefined when left to default. */
  readonly id: unknown;
}

export interface DraftTopic {
  /** 1 when it is left out or written wrongly. */
  readonly partitions: number;
  /** Undefined when it is written wrongly. */
  readonly replicationFactor: number | undefined;
  readonly config: ReadonlyMap<string, unknown>;
}

export interface DraftService {
  /** Hosts as written, one or several; undefined where it is left out or wrong. */
  readonly on: string | readonly string[] | undefined;
  /** As written; undefined when it is left out or wrong. */
  readonly replicas: number | undefined;
  /** Each with its place below the service: from, or from/1 in a list. */
  readonly from: readonly DraftTopicName[];
  readonly to: readonly DraftBranch[];
  readonly sourceFile: string | undefined;
  /** As written below `source`; undefined when that is left out or no mapping. */
  readonly source: ReadonlyMap<string, unknown> | undefined;
  /** As written; undefined when it is left out or wrong. */
  readonly sourceFormat: Format | undefined;
  /** Which of from, source, to, sink stand there at all. */
  readonly has: ReadonlySet<string>;
  /** The entries of `apply`, as written. */
  readonly apply: readonly unknown[];
}

/** A topic that a service names. */
export interface DraftTopicName {
  readonly topic: string;
  readonly path: Path;
  /** Whether the name is the last key of `path`, and not a value there. */
  readonly isKey?: boolean;
}

/** A topic that a service writes, and the filter of a branch, as written. */
export interface DraftBranch extends DraftTopicName {
  /** An entry as under `apply`; undefined when there is none. */
  readonly when?: unknown;
}

export function draftOf(data: unknown): Draft {
  const file = mapping(data);
  const cluster = mapping(file.get("cluster"));
  const kafka = mapping(cluster.get("kafka"));
  return {
    hosts: valuesMapped(mapping(cluster.get("hosts")), hostOf),
    brokers: names(kafka.get("brokers")),
    brokerSettings: mapping(kafka.get("config")),
    version: text(kafka.get("version")),
    modes: (["zookeeper", "kraft"] as const).filter((mode) => cluster.has(mode)),
    voters: names(mapping(cluster.get("zookeeper")).get("voters")),
    controllers: names(mapping(cluster.get("kraft")).get("controllers")),
    topics: valuesMapped(mapping(file.get("topics")), topicOf),
    // What is no mapping at all is a fault of shape and has nothing that a rule could look at.
    services: valuesMapped(mapping(file.get("services")), serviceOf),
  };
}

/** Hosts that run a broker, given or by default. */
export function brokersOf(draft: Draft): readonly string[] {
  return draft.brokers ?? [...draft.hosts.keys()];
}

/** The entries of a mapping; of anything else, none. */
export function mapping(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(isMapping(value) ? Object.entries(value) : []);
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hostOf(value: unknown): DraftHost {
  const host = mapping(value);
  return { address: host.get("address") ?? value, id: host.get("id") };
}

function topicOf(value: unknown): DraftTopic {
  const topic = mapping(value);
  const partitions = topic.get("partitions");
  const factor = topic.get("replicationFactor") ?? 1;
  return {
    partitions: typeof partitions === "number" ? partitions : 1,
    replicationFactor: typeof factor === "number" && factor >= 1 ? factor : undefined,
    config: mapping(topic.get("config")),
  };
}

function serviceOf(value: unknown): DraftService {
  const service = mapping(value);
  const apply = service.get("apply");
  const replicas = service.get("replicas");
  return {
    on: text(service.get("on")) ?? names(service.get("on")),
    replicas: typeof replicas === "number" ? replicas : undefined,
    from: topicNames("from", service.get("from")),
    to: topicNames("to", service.get("to")),
    source: isMapping(service.get("source")) ? mapping(service.get("source")) : undefined,
    sourceFile: text(mapping(service.get("source")).get("file")),
    sourceFormat: FORMATS.find((format) => format === mapping(service.get("source")).get("format")),
    has: new Set(service.keys()),
    apply: Array.isArray(apply) ? apply : [],
  };
}

/** One name, or a list of names; where it may have branches, a name over its filter. */
function topicNames(key: "from" | "to", value: unknown): DraftBranch[] {
  if (typeof value === "string") return [{ topic: value, path: [key] }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((item, i): DraftBranch[] => {
    if (typeof item === "string") return [{ topic: item, path: [key, i] }];
    if (key === "from") return [];
    return [...mapping(item)].map(([topic, when]) => ({ topic, path: [key, i, topic], isKey: true, when }));
  });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function names(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

function valuesMapped<T>(map: ReadonlyMap<string, unknown>, change: (value: unknown) => T): Map<string, T> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
