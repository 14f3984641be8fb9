import { bootstrapServers } from "../declaration/bootstrap-servers.ts";
import { groupIdOf } from "../declaration/group-id.ts";
import { type Pipeline, type Service, topicsOf } from "../declaration/pipeline.ts";
import { type ClusterMetadata, clusterMetadata } from "../provisioning/kafka/cluster-metadata.ts";
import { keyOf } from "../provisioning/kafka/partition-offsets.ts";
import { lettersGroup } from "../replay/letters.ts";
import { type Place, placesOf, type Reading, standingStill } from "./places.ts";
import type { Waiting } from "./waiting.ts";

/** What the brokers say. */
export interface KafkaAnswer {
  /** `host:port` of those that answer. */
  readonly answering: readonly string[];
  /** Undefined when none does. */
  readonly cluster: ClusterMetadata | undefined;
  /** By the name of each service. */
  readonly services: ReadonlyMap<string, ServicePlace>;
}

export interface ServicePlace {
  /** Every partition that it reads. */
  readonly reads: readonly (Place & { readonly isStill: boolean })[];
  /** Dead letters that are not put back; undefined where it has no topic for them, or they cannot be counted. */
  readonly letters: Waiting | undefined;
}

/** Asks all brokers at once what there is, then those that know of positions; what does not answer is left out. */
export async function askKafka(pipeline: Pipeline): Promise<KafkaAnswer> {
  const servers = bootstrapServers(pipeline.cluster);
  const told = await Promise.all(servers.map((server) => clusterMetadata(server).catch(() => undefined)));
  const answering = servers.filter((_, i) => told[i] !== undefined);
  const cluster = told.find((each) => each !== undefined);
  if (cluster === undefined) return { answering, cluster, services: new Map() };

  const services = pipeline.services.map((service) => ({ service, ...readingsOf(pipeline, service, cluster) }));
  const all = services.flatMap(({ input, letters }) => [...input, ...letters]);
  const places = new Map((await placesOf(answering, cluster, all)).map((place) => [nameOf(place), place]));
  const placed = (readings: readonly Reading[]) => readings.flatMap((reading) => places.get(nameOf(reading)) ?? []);
  const still = await standingStill(answering, placed(services.flatMap(({ input }) => input)));
  return {
    answering,
    cluster,
    services: new Map(
      services.map(({ service, input, letters }) => [
        service.name,
        {
          reads: placed(input).map((place) => ({ ...place, isStill: still.includes(place) })),
          letters: placed(letters)[0]?.waiting,
        },
      ]),
    ),
  };
}

function nameOf(reading: Reading): string {
  return `${reading.group} ${keyOf(reading)}`;
}

function readingsOf({ name: pipeline }: Pipeline, service: Service, { partitions }: ClusterMetadata) {
  const { name, input, deadLetterTopic } = service;
  const of = (topic: string, group: string): Reading[] =>
    partitions
      .filter((each) => each.topic === topic)
      .map(({ partition }) => ({ group, topic, partition }))
      .sort((a, b) => a.partition - b.partition);
  return {
    input: topicsOf(input).flatMap(({ topic }) => of(topic, groupIdOf(pipeline, name))),
    letters: deadLetterTopic === undefined ? [] : of(deadLetterTopic, lettersGroup({ deadLetterTopic })),
  };
}
