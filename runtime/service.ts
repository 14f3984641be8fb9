import { type Link, linkOf } from "../operators/chain.ts";
import type { Operator } from "../operators/operator.ts";
import type { Journal } from "./journal.ts";
import type { Kafka } from "./kafka/kafka.ts";
import type { ServiceSpec } from "./service-spec.ts";
import type { Supervisor } from "./supervisor.ts";

/** What every part of one running service shares. */
export interface Service {
  readonly spec: ServiceSpec;
  readonly chain: readonly Link[];
  readonly kafka: Kafka;
  readonly journal: Journal;
  readonly supervisor: Supervisor;
  /** Prints one line of the log sink; resolves when it is handed over. */
  readonly print: (line: string) => Promise<void>;
}

export function chainOf(spec: ServiceSpec, operators: Readonly<Record<string, Operator>>): readonly Link[] {
  return spec.apply.map((step) => {
    const operator = operators[step.operator];
    if (operator) return linkOf(step, operator);
    throw new Error(`the bundle of ${spec.name} has no operator ${step.operator}; bundle the service again`);
  });
}
