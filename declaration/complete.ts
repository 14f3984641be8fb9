import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { toMilliseconds } from "../operators/duration.ts";
import type { Format } from "../operators/format.ts";
import { MODULUS } from "../operators/minstd.ts";
import { DEFAULT_MAX_AHEAD } from "../operators/time-limit.ts";
import type { TopicFormat } from "../operators/topics-of.ts";
import type { PipelineDocument } from "./document.ts";
import { inOrder } from "./graph.ts";
import { changelogTopic, deadLetterTopic } from "./internal-topics.ts";
import { kafkaSeries } from "./kafka-versions.ts";
import {
  type Branch,
  type Cluster,
  type Input,
  type KRaft,
  type Output,
  type Pipeline,
  type Service,
  type Step,
  type Topic,
  topicsOf,
  type ZooKeeper,
} from "./pipeline.ts";
import type { Chain } from "./rules/operators.ts";
import { type PipelineShape, zookeeper } from "./shape.ts";

/** What the loader knows of a file without faults. */
export interface Checked {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  /** Folder that paths in the file are relative to. */
  readonly folder: string;
  readonly shape: PipelineShape;
  readonly document: PipelineDocument;
  readonly chains: ReadonlyMap<string, Chain>;
}

type ServiceShape = NonNullable<PipelineShape["services"]>[string];

/** Fills in every default. */
export function completePipeline(checked: Checked): Pipeline {
  const cluster = clusterOf(checked);
  const services = Object.entries(checked.shape.services ?? {}).map(([name, shape]) => serviceOf(checked, name, shape));
  const stages = services.map((service) => ({
    name: service.name,
    from: topicsOf(service.input).map(({ topic }) => topic),
    to: topicsOf(service.output).map(({ topic }) => topic),
    service,
  }));
  return {
    name: checked.name,
    file: checked.file,
    cluster,
    topics: allTopics(checked, services, cluster),
    services: inOrder(stages).map(({ service }) => service),
  };
}

function clusterOf({ shape, document }: Checked): Cluster {
  const { hosts, kafka } = shape.cluster;
  const names = Object.keys(hosts);
  const metadata = metadataOf(shape.cluster, names);
  return {
    hosts: Object.entries(hosts).map(([name, host], place) =>
      typeof host === "string"
        ? { name, address: host, id: place }
        : { name, address: host.address, id: host.id ?? place },
    ),
    kafka: {
      version: kafka.version ?? kafkaSeries[metadata.mode].version,
      home: kafka.home,
      heap: kafka.heap,
      brokers: kafka.brokers ?? names,
      config: written(document, ["cluster", "kafka", "config"], kafka.config),
    },
    metadata,
  };
}

function metadataOf(cluster: PipelineShape["cluster"], names: readonly string[]): ZooKeeper | KRaft {
  const odd = names.slice(0, names.length >= 3 ? 3 : 1);
  if (cluster.kraft !== undefined) {
    return { mode: "kraft", heap: cluster.kraft.heap, controllers: cluster.kraft.controllers ?? odd };
  }
  const { heap, voters = odd } = cluster.zookeeper ?? zookeeper.parse({});
  return { mode: "zookeeper", heap, voters, observers: names.filter((name) => !voters.includes(name)) };
}

function serviceOf(checked: Checked, name: string, shape: ServiceShape): Service {
  const { name: pipeline, folder, chains } = checked;
  const hosts = [shape.on].flat();
  const { steps, stateful, filters } = chains.get(name) ?? { steps: [], stateful: false, filters: new Map() };
  const named = (topic: string) => ({ topic, ...formatOf(checked.shape.topics?.[topic]) });
  const input: Input =
    shape.source === undefined
      ? inputOf([present(shape.from)].flat().map(named))
      : sourceOf(shape.source, folder, `${pipeline}-${name}`);
  const output: Output =
    shape.sink === undefined
      ? outputOf([present(shape.to)].flat().map(topicIn).map(named), filters)
      : sinkOf(shape.sink);
  const maxAheadMs = toMilliseconds(shape.maxAhead);
  return {
    name,
    on: Array.from({ length: shape.replicas ?? hosts.length }, (_, replica) => hosts[replica % hosts.length] ?? ""),
    input,
    apply: steps,
    output,
    ...(maxAheadMs === toMilliseconds(DEFAULT_MAX_AHEAD) ? {} : { maxAheadMs }),
    ...(shape.processingGuarantee === "exactly_once" ? {} : { processingGuarantee: shape.processingGuarantee }),
    ...(stateful || shape.source !== undefined || output.kind === "file"
      ? { changelogTopic: changelogTopic(pipeline, name) }
      : {}),
    ...(isKnownGood(input) ? {} : { deadLetterTopic: deadLetterTopic(pipeline, name) }),
  };
}

/** Whether the loader has seen, or the runtime makes, every value of an input. */
function isKnownGood(input: Input): boolean {
  switch (input.kind) {
    case "file":
    case "random":
    case "sequence":
      return true;
    case "topic":
    case "topics":
    case "follow":
      return false;
    default:
      return input satisfies never;
  }
}

function sourceOf(source: NonNullable<ServiceShape["source"]>, folder: string, service: string): Input {
  const { file, follow, random, sequence, count } = source;
  if (file !== undefined && follow) return { kind: "follow", path: file, ...formatOf(source) };
  const pace = { everyMs: toMilliseconds(source.every) };
  if (file !== undefined) return { kind: "file", path: resolve(folder, file), ...pace, ...formatOf(source) };
  const paced = { ...pace, ...(count !== undefined && { count }) };
  if (random === undefined) return { kind: "sequence", start: 0, step: 1, ...sequence, ...paced };
  const { between, seed = seedOf(service) } = random;
  return { kind: "random", between: [present(between[0]), present(between[1])], seed, ...paced };
}

function sinkOf(sink: NonNullable<ServiceShape["sink"]>): Output {
  if (sink === "log") return { kind: "log", stages: false };
  if ("log" in sink) return { kind: "log", stages: sink.log?.stages ?? false };
  return { kind: "file", name: sink.file, ...formatOf(sink) };
}

/** A seed of its own for each service, and the same in every run. */
function seedOf(service: string): number {
  return 1 + (createHash("sha256").update(service).digest().readUInt32BE() % (MODULUS - 1));
}

function inputOf(topics: readonly TopicFormat[]): Input {
  const [only] = topics;
  return only !== undefined && topics.length === 1 ? { kind: "topic", ...only } : { kind: "topics", topics };
}

/** One topic that takes everything is no branch. */
function outputOf(topics: readonly TopicFormat[], filters: ReadonlyMap<string, Step>): Output {
  const branches = topics.map((named): Branch => {
    const when = filters.get(named.topic);
    return when === undefined ? named : { ...named, when };
  });
  const [only] = branches;
  if (only !== undefined && only.when === undefined) return { kind: "topic", ...only };
  return { kind: "branches", branches };
}

/** A branch of the shape: a name, or a name over its filter. */
function topicIn(branch: string | Record<string, unknown>): string {
  return typeof branch === "string" ? branch : present(Object.keys(branch)[0]);
}

/** Only what differs from the usual is told to a service. */
function formatOf(written: { readonly format: Format } | null | undefined): { readonly format?: Format } {
  return written === null || written === undefined || written.format === "number" ? {} : { format: written.format };
}

function allTopics({ shape, document }: Checked, services: readonly Service[], cluster: Cluster): Topic[] {
  const topics = new Map<string, Topic>();
  const add = (topic: Topic) => topics.set(topic.name, topic);
  const small = { partitions: 1, replicationFactor: 1, config: {} };
  for (const [name, declared] of Object.entries(shape.topics ?? {})) {
    const { partitions, replicationFactor, config } = declared ?? small;
    add({
      name,
      partitions,
      replicationFactor,
      config: written(document, ["topics", name, "config"], config),
      role: "stream",
    });
  }
  for (const { topic: name } of services.flatMap(({ output }) => topicsOf(output))) {
    if (!topics.has(name)) add({ name, ...small, role: "stream" });
  }
  // What cannot be read again from anywhere is kept on as many brokers as Kafka keeps its own offsets on.
  const replicationFactor = Math.min(3, cluster.kafka.brokers.length);
  // Nor is it of use where one disk alone has the latest of it. Of two brokers one must be able to go down.
  const byUser = "min.insync.replicas" in cluster.kafka.config;
  const durable: Record<string, string> = replicationFactor > 2 && !byUser ? { "min.insync.replicas": "2" } : {};
  // Dead letters may have no key, which a compacted topic does not take.
  const uncompacted: Record<string, string> =
    "log.cleanup.policy" in cluster.kafka.config ? { "cleanup.policy": "delete" } : {};
  for (const { input, changelogTopic: changelog, deadLetterTopic: deadLetters } of services) {
    if (changelog !== undefined) {
      const partitions = Math.max(1, ...topicsOf(input).map(({ topic }) => topics.get(topic)?.partitions ?? 1));
      const config = { "cleanup.policy": "compact", ...durable };
      add({ name: changelog, partitions, replicationFactor, config, role: "changelog" });
    }
    if (deadLetters !== undefined) {
      const config = { ...uncompacted, ...durable };
      add({ name: deadLetters, partitions: 1, replicationFactor, config, role: "dead-letters" });
    }
  }
  return [...topics.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function written(document: PipelineDocument, path: readonly string[], config: object): Record<string, string> {
  return Object.fromEntries(Object.keys(config).map((key) => [key, document.written([...path, key])]));
}

/** The rules have seen to it that one input and one output are there. */
function present<T>(topic: T | undefined): T {
  if (topic === undefined) throw new Error("a service without its topic passed the rules");
  return topic;
}
