import type { Pipeline } from "../declaration/pipeline.ts";
import type { KafkaAnswer } from "./ask-kafka.ts";
import { brokerTroubles, partitionTroubles } from "./kafka-troubles.ts";
import { serviceTroubles } from "./service-troubles.ts";
import type { HostAnswer } from "./unit-state.ts";
import { hostTroubles } from "./unit-troubles.ts";

/** All that the hosts, by name, and the brokers say. */
export interface Answers {
  readonly hosts: ReadonlyMap<string, HostAnswer>;
  readonly kafka: KafkaAnswer;
}

/** Something that is not as it should be. */
export interface Trouble {
  readonly what: string;
  /** What to do, if `what` does not say it. */
  readonly next?: string;
}

/** The command that shows the last lines of a unit's journal. */
export type Journal = (host: string, unit: string) => string;

/** What is not well: hosts and their units, then what only the brokers know. What follows from another is left out. Pure. */
export function troublesOf(pipeline: Pipeline, answers: Answers, journal: Journal): Trouble[] {
  return [
    ...pipeline.cluster.hosts.flatMap(({ name }) => hostTroubles(pipeline, name, answers.hosts.get(name), journal)),
    ...brokerTroubles(pipeline, answers, journal),
    ...partitionTroubles(pipeline, answers.kafka),
    ...serviceTroubles(pipeline, answers, journal),
  ];
}

/** Whether every host answers, and none has a unit of bramble's. Pure. */
export function isNothingDeployed({ cluster }: Pipeline, { hosts }: Answers): boolean {
  return cluster.hosts.every(({ name }) => {
    const answer = hosts.get(name);
    return answer !== undefined && "units" in answer && answer.units.every(({ load }) => load === "not-found");
  });
}
