import { hostErrorCodes } from "../provisioning/ssh/host-error.ts";
import type { KafkaAnswer } from "./ask-kafka.ts";
import type { HostAnswer } from "./unit-state.ts";

/** All that the hosts, by name, and the brokers say. */
export interface Answers {
  readonly hosts: ReadonlyMap<string, HostAnswer>;
  readonly kafka: KafkaAnswer;
}

/** What kinds of problems there are, for scripts. */
export const problemCodes = [
  ...hostErrorCodes,
  "nothing-deployed",
  "unit-missing",
  "unit-undeclared",
  "unit-masked",
  "unit-inactive",
  "unit-restarted",
  "broker-unreachable",
  "broker-outside-cluster",
  "topic-missing",
  "partition-leaderless",
  "replica-out-of-sync",
  "service-stalled",
  "batch-damaged",
] as const;
export type ProblemCode = (typeof problemCodes)[number];

/** Something that is not as it should be. */
export interface Problem {
  readonly code: ProblemCode;
  readonly what: string;
  /** What to do, if `what` does not say it. */
  readonly next?: string;
}

/** The command that shows the last lines of a unit's journal. */
export type Journal = (host: string, unit: string) => string;
