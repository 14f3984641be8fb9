import { resolve } from "node:path";
import { toMilliseconds } from "../operators/duration.ts";
import type { Format } from "../operators/format.ts";
import type { PipelineDocument } from "./document.ts";
import { inOrder } from "./graph.ts";
import { changelogTopic, deadLetterTopic } from "./internal-topics.ts";
import { kafkaSeries } from "./kafka-versions.ts";
import type { Cluster, Input, KRaft, Output, Pipeline, Service, Topic, ZooKeeper } from "./pipeline.ts";
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
    from: service.input.kind === "topic" ? service.input.topic : undefined,
    to: service.output.kind === "topic" ? service.output.topic : undefined,
    service,
  }));
  return {
    name: checked.name,
    file: checked.file,
    cluster,
    topics: topicsOf(checked, services, cluster.kafka.brokers.length),
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
  const { topics } = checked.shape;
  const { steps, stateful } = chains.get(name) ?? { steps: [], stateful: false };
  const input: Input =
    shape.source === undefined
      ? { kind: "topic", topic: present(shape.from), ...formatOf(topics?.[present(shape.from)]) }
      : {
          kind: "file",
          path: resolve(folder, shape.source.file),
          everyMs: toMilliseconds(shape.source.every),
          ...formatOf(shape.source),
        };
  const output: Output =
    shape.sink === undefined
      ? { kind: "topic", topic: present(shape.to), ...formatOf(topics?.[present(shape.to)]) }
      : { kind: "log", stages: shape.sink === "log" ? false : (shape.sink.log?.stages ?? false) };
  return {
    name,
    on: shape.on,
    input,
    apply: steps,
    output,
    ...(stateful || input.kind === "file" ? { changelogTopic: changelogTopic(pipeline, name) } : {}),
    ...(input.kind === "topic" ? { deadLetterTopic: deadLetterTopic(pipeline, name) } : {}),
  };
}

/** Only what differs from the usual is told to a service. */
function formatOf(written: { readonly format: Format } | null | undefined): { readonly format?: Format } {
  return written === null || written === undefined || written.format === "number" ? {} : { format: written.format };
}

function topicsOf({ shape, document }: Checked, services: readonly Service[], brokers: number): Topic[] {
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
  for (const { output } of services) {
    if (output.kind === "topic" && !topics.has(output.topic)) add({ name: output.topic, ...small, role: "stream" });
  }
  // What cannot be read again from anywhere is kept on as many brokers as Kafka keeps its own offsets on.
  const replicationFactor = Math.min(3, brokers);
  for (const { input, changelogTopic: changelog, deadLetterTopic: deadLetters } of services) {
    if (changelog !== undefined) {
      const partitions = input.kind === "topic" ? (topics.get(input.topic)?.partitions ?? 1) : 1;
      const config = { "cleanup.policy": "compact" };
      add({ name: changelog, partitions, replicationFactor, config, role: "changelog" });
    }
    if (deadLetters !== undefined) {
      add({ name: deadLetters, partitions: 1, replicationFactor, config: {}, role: "dead-letters" });
    }
  }
  return [...topics.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function written(document: PipelineDocument, path: readonly string[], config: object): Record<string, string> {
  return Object.fromEntries(Object.keys(config).map((key) => [key, document.written([...path, key])]));
}

/** The rules have seen to it that one input and one output are there. */
function present(topic: string | undefined): string {
  if (topic === undefined) throw new Error("a service without its topic passed the rules");
  return topic;
}
