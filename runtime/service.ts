import type { Kafka } from "../kafka/kafka.ts";
import type { Branch } from "../operators/branch.ts";
import { type AppliedStep, linkOf } from "../operators/chain.ts";
import type { Link } from "../operators/message.ts";
import type { Operator } from "../operators/operator.ts";
import { topicsOf } from "../operators/topics-of.ts";
import type { Clock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import type { ServiceSpec } from "./service-spec.ts";
import type { StateStores } from "./state-stores.ts";
import type { Supervisor } from "./supervisor.ts";

/** What every part of one running service shares. */
export interface Service {
  readonly spec: ServiceSpec;
  readonly chain: readonly Link[];
  /** Where values go that come out of the chain; none for a sink. */
  readonly branches: readonly Branch[];
  readonly kafka: Kafka;
  readonly stores: StateStores;
  readonly journal: Journal;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  /** Tells it from the service's other replicas, on whatever host: rpi1, or rpi1@2. */
  readonly replica: string;
  /** Where the file of a sink belongs; undefined without one. */
  readonly stateFolder: string | undefined;
  /** Prints one line of the log sink; resolves when it is handed over. */
  readonly print: (line: string) => Promise<void>;
}

export function chainOf(spec: ServiceSpec, operators: Readonly<Record<string, Operator>>): readonly Link[] {
  return spec.apply.map((step) => bundledLink(spec, step, operators));
}

export function branchesOf(spec: ServiceSpec, operators: Readonly<Record<string, Operator>>): readonly Branch[] {
  const { output } = spec;
  if (output.kind !== "branches") return topicsOf(output);
  return output.branches.map(({ when, ...named }) =>
    when === undefined ? named : { ...named, when: bundledLink(spec, when, operators) },
  );
}

function bundledLink(spec: ServiceSpec, step: AppliedStep, operators: Readonly<Record<string, Operator>>): Link {
  const operator = operators[step.operator];
  if (operator) return linkOf(step, operator);
  throw new Error(`the bundle of ${spec.name} has no operator ${step.operator}; bundle the service again`);
}
