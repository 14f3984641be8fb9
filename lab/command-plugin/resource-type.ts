import type { ResourceLog } from "./engine-log.ts";
import type { Properties } from "./property-values.ts";

export type PropertyType = "string" | "boolean" | "object" | "list";

export interface PropertySchema {
  readonly type: PropertyType;
  readonly required?: boolean;
  /** Filled in by check, so that it is part of the inputs from then on. */
  readonly default?: unknown;
  /** A change makes a new resource and deletes the old one. */
  readonly replace?: boolean;
}

export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** A resource of the plugin. Inputs and state come as the engine sends them, secrets marked. */
export interface ResourceType {
  readonly inputs: Readonly<Record<string, PropertySchema>>;
  /** Faults that the schema cannot express; called with inputs that fit it, revealed. */
  check(inputs: Properties): Failure[];
  create(inputs: Properties, log: ResourceLog): Promise<Properties>;
  update(state: Properties, inputs: Properties, log: ResourceLog): Promise<Properties>;
  delete(state: Properties, log: ResourceLog): Promise<void>;
  /** What a preview can tell of the state after the change. */
  preview(inputs: Properties): Properties;
}
