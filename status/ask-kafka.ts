import { bootstrapServers } from "../declaration/bootstrap-servers.ts";
import { groupIdOf } from "../declaration/group-id.ts";
import { type Pipeline, type Service, topicsOf } from "../declaration/pipeline.ts";
import type { IncomingRecord } from "../kafka/kafka.ts";
import { type ClusterMetadata, clusterMetadata } from "../provisioning/kafka/cluster-metadata.ts";
import { keyOf } from "../provisioning/kafka/partition-offsets.ts";
import { deadLetterGroup } from "../replay/dead-letters.ts";
import { parseDeadLetter } from "../runtime/dead-letter.ts";
import type { RecordCount } from "../runtime/record-count.ts";
import { damagedBatches } from "./damaged-batches.ts";
import { type GroupPartition, type PartitionLag, partitionLags, stalledLags } from "./partition-lag.ts";

/** What the brokers say. */
export interface KafkaAnswer {
  /** `host:port` of those that answer. */
  readonly answering: readonly string[];
  /** Undefined when none does. */
  readonly cluster: ClusterMetadata | undefined;
  /** By the name of each service. */
  readonly services: ReadonlyMap<string, ServiceLag>;
}

export interface ServiceLag {
  /** Every partition that it reads. */
  readonly reads: readonly (PartitionLag & {
    readonly isStalled: boolean;
    /** What is wrong with the batch that it stands still at, in words. */
    readonly damage?: string | undefined;
  })[];
  /**
   * Dead letters that are not put back, each record once however often it was refused; undefined where it has no topic for
   * them, or they cannot be counted.
   */
  readonly deadLetters: RecordCount | undefined;
}

/** Asks all brokers at once what there is, then those that know of positions; what does not answer is left out. */
export async function askKafka(pipeline: Pipeline): Promise<KafkaAnswer> {
  const servers = bootstrapServers(pipeline.cluster);
  const answers = await Promise.all(servers.map((server) => clusterMetadata(server).catch(() => undefined)));
  const answering = servers.filter((_, i) => answers[i] !== undefined);
  const cluster = answers.find((each) => each !== undefined);
  if (cluster === undefined) return { answering, cluster, services: new Map() };

  const services = pipeline.services.map((service) => ({ service, ...groupPartitionsOf(pipeline, service, cluster) }));
  const all = services.flatMap(({ input, deadLetters }) => [...input, ...deadLetters]);
  const lags = new Map((await partitionLags(answering, cluster, all)).map((lag) => [nameOf(lag), lag]));
  const lagsOf = (groupPartitions: readonly GroupPartition[]) =>
    groupPartitions.flatMap((groupPartition) => lags.get(nameOf(groupPartition)) ?? []);
  const stalled = await stalledLags(answering, lagsOf(services.flatMap(({ input }) => input)));
  const damaged = await damagedBatches(answering, stalled);
  return {
    answering,
    cluster,
    services: new Map(
      services.map(({ service, input, deadLetters }) => [
        service.name,
        {
          reads: lagsOf(input).map((lag) => ({ ...lag, isStalled: stalled.includes(lag), damage: damaged.get(lag) })),
          deadLetters: lagsOf(deadLetters)[0]?.lag,
        },
      ]),
    ),
  };
}

function deadLetterId(record: IncomingRecord): string | undefined {
  return parseDeadLetter(record)?.id;
}

function nameOf(groupPartition: GroupPartition): string {
  return `${groupPartition.group} ${keyOf(groupPartition)}`;
}

function groupPartitionsOf({ name: pipeline }: Pipeline, service: Service, { partitions }: ClusterMetadata) {
  const { name, input, deadLetterTopic } = service;
  const of = (topic: string, group: string): GroupPartition[] =>
    partitions
      .filter((each) => each.topic === topic)
      .map(({ partition }) => ({ group, topic, partition }))
      .sort((a, b) => a.partition - b.partition);
  return {
    input: topicsOf(input).flatMap(({ topic }) => of(topic, groupIdOf(pipeline, name))),
    deadLetters:
      deadLetterTopic === undefined
        ? []
        : of(deadLetterTopic, deadLetterGroup({ deadLetterTopic })).map((each) => ({ ...each, idOf: deadLetterId })),
  };
}
