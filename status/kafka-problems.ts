import { brokerPort } from "../declaration/bootstrap-servers.ts";
import type { Pipeline } from "../declaration/pipeline.ts";
import type { PartitionMetadata } from "../provisioning/kafka/cluster-metadata.ts";
import { keyOf } from "../provisioning/kafka/partition-offsets.ts";
import type { KafkaAnswer } from "./ask-kafka.ts";
import { hasBroker } from "./declared-units.ts";
import type { Answers, Journal, Problem } from "./problem.ts";
import { isActive } from "./unit-state.ts";

/** Brokers that serve nobody although their unit runs; the others are told of as units. Pure. */
export function brokerProblems({ cluster }: Pipeline, { hosts, kafka }: Answers, journal: Journal): Problem[] {
  const unit = "kafka.service";
  const members = new Set(kafka.cluster?.brokers.values());
  const running = cluster.hosts.filter(({ name }) => hasBroker(cluster, name) && isActive(hosts.get(name), unit));
  const problems = running.flatMap(({ name, address }) => {
    const server = `${address}:${brokerPort}`;
    const next = journal(name, unit);
    if (!kafka.answering.includes(server)) {
      return [{ what: `${name}: ${unit} runs, and no broker answers at ${server} (yet).`, next }];
    }
    if (members.has(server)) return [];
    return [{ what: `${name}: the broker at ${server} is not in the cluster of the others (yet).`, next }];
  });
  if (kafka.cluster !== undefined) return problems;
  return [...problems, { what: "No broker answers: how far services are cannot be told." }];
}

/** Topics and partitions that are not there, that nobody can read now, or that lack a copy. Pure. */
export function partitionProblems(pipeline: Pipeline, { cluster }: KafkaAnswer): Problem[] {
  if (cluster === undefined) return [];
  const there = new Set(cluster.partitions.map(({ topic }) => topic));
  const missing = pipeline.topics.filter(({ name }) => !there.has(name)).map(({ name }) => name);
  const leaderless = cluster.partitions.filter(({ leader }) => leader === undefined);
  const behind = cluster.partitions.filter(({ leader, ...each }) => leader !== undefined && outOfSync(each).length > 0);
  const on = (ids: readonly number[]) => hostNames(pipeline, ids);
  return [
    ...(missing.length === 0
      ? []
      : [{ what: `Kafka has no ${missing.join(", no ")}.`, next: "`pulumi up` makes what the pipeline file has." }]),
    ...(leaderless.length === 0
      ? []
      : [
          {
            what: `${some(leaderless)}: no leader; the replicas are on ${on(leaderless.flatMap(({ replicas }) => replicas))}.`,
            next: "Nobody can read or write there until Kafka runs there again.",
          },
        ]),
    ...(behind.length === 0
      ? []
      : [
          {
            what: `${some(behind)}: replicas are not in sync, on ${on(behind.flatMap(outOfSync))}.`,
            next: "They catch up by themselves while Kafka runs there.",
          },
        ]),
  ];
}

function outOfSync({ replicas, inSync }: Pick<PartitionMetadata, "replicas" | "inSync">): number[] {
  return replicas.filter((id) => !inSync.includes(id));
}

function hostNames({ cluster }: Pipeline, ids: readonly number[]): string {
  const sorted = [...new Set(ids)].sort((a, b) => a - b);
  return sorted.map((id) => cluster.hosts.find((host) => host.id === id)?.name ?? `broker ${id}`).join(", ");
}

/** The pipeline's own are what a reader knows: Kafka's come last. */
function some(partitions: readonly PartitionMetadata[]): string {
  const isKafkas = ({ topic }: PartitionMetadata) => Number(topic.startsWith("__"));
  const [first, second, ...more] = partitions.toSorted((a, b) => isKafkas(a) - isKafkas(b)).map(keyOf);
  if (more.length > 0) return `${first} and ${more.length + 1} more partitions`;
  return second === undefined ? `${first}` : `${first} and ${second}`;
}
