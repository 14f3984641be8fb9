import type { Pipeline } from "../declaration/pipeline.ts";
import type { KafkaAnswer } from "./ask-kafka.ts";
import { brokerProblems, partitionProblems } from "./kafka-problems.ts";
import { serviceProblems } from "./service-problems.ts";
import { hostProblems } from "./unit-problems.ts";
import type { HostAnswer } from "./unit-state.ts";

/** All that the hosts, by name, and the brokers say. */
export interface Answers {
  readonly hosts: ReadonlyMap<string, HostAnswer>;
  readonly kafka: KafkaAnswer;
}

/** Something that is not as it should be. */
export interface Problem {
  readonly what: string;
  /** What to do, if `what` does not say it. */
  readonly next?: string;
}

/** The command that shows the last lines of a unit's journal. */
export type Journal = (host: string, unit: string) => string;

/** What is not well: hosts and their units, then what only the brokers know. What follows from another is left out. Pure. */
export function problemsOf(pipeline: Pipeline, answers: Answers, journal: Journal): Problem[] {
  return [
    ...pipeline.cluster.hosts.flatMap(({ name }) => hostProblems(pipeline, name, answers.hosts.get(name), journal)),
    ...brokerProblems(pipeline, answers, journal),
    ...partitionProblems(pipeline, answers.kafka),
    ...serviceProblems(pipeline, answers, journal),
  ];
}

/** Whether every host answers, and none has a unit of bramble's. Pure. */
export function isNothingDeployed({ cluster }: Pipeline, { hosts }: Answers): boolean {
  return cluster.hosts.every(({ name }) => {
    const answer = hosts.get(name);
    return answer !== undefined && "units" in answer && answer.units.every(({ load }) => load === "not-found");
  });
}
