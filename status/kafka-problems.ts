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
  const problems = running.flatMap(({ name, address }): Problem[] => {
    const server = `${address}:${brokerPort}`;
    const next = journal(name, unit);
    if (!kafka.answering.includes(server)) {
      return [
        {
          code: "broker-unreachable",
          what: `${name}: ${unit} is active, but no broker answers at ${server} yet.`,
          next,
        },
      ];
    }
    if (members.has(server)) return [];
    return [
      {
        code: "broker-outside-cluster",
        what: `${name}: the broker at ${server} has not joined the cluster of the others yet.`,
        next,
      },
    ];
  });
  if (kafka.cluster !== undefined) return problems;
  return [
    ...problems,
    { code: "broker-unreachable", what: "No broker answers, so the progress of services is unknown." },
  ];
}

/** Topics and partitions that are not there, that nobody can read now, or that lack a copy. Pure. */
export function partitionProblems(pipeline: Pipeline, { cluster }: KafkaAnswer): Problem[] {
  if (cluster === undefined) return [];
  const there = new Set(cluster.partitions.map(({ topic }) => topic));
  const missing = pipeline.topics.filter(({ name }) => !there.has(name)).map(({ name }) => name);
  const leaderless = cluster.partitions.filter(({ leader }) => leader === undefined);
  const behind = cluster.partitions.filter(({ leader, ...each }) => leader !== undefined && outOfSync(each).length > 0);
  const on = (ids: readonly number[]) => hostNames(pipeline, ids);
  const problems: Problem[] = [];
  if (missing.length > 0) {
    problems.push({
      code: "topic-missing",
      what:
        missing.length === 1 ? `Topic ${missing.join()} does not exist.` : `Topics ${missing.join(", ")} do not exist.`,
      next: "`pulumi up` creates what the pipeline file declares.",
    });
  }
  if (leaderless.length > 0) {
    const replicas = on(leaderless.flatMap((each) => each.replicas));
    problems.push({
      code: "partition-leaderless",
      what: `${some(leaderless)}: no leader. Replicas are on ${replicas}.`,
      next: "Nothing can be read or written there until Kafka runs on these hosts again.",
    });
  }
  if (behind.length > 0) {
    problems.push({
      code: "replica-out-of-sync",
      what: `${some(behind)}: replicas on ${on(behind.flatMap(outOfSync))} are not in sync.`,
      next: "Replicas catch up by themselves while Kafka runs.",
    });
  }
  return problems;
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
