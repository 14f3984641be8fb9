import type { Pipeline } from "../declaration/pipeline.ts";
import { brokerProblems, partitionProblems } from "./kafka-problems.ts";
import type { Answers, Journal, Problem } from "./problem.ts";
import { serviceProblems } from "./service-problems.ts";
import { hostProblems } from "./unit-problems.ts";

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
    return answer?.kind === "units" && answer.units.every(({ load }) => load === "not-found");
  });
}
