import type { KafkaAnswer } from "./ask-kafka.ts";
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
