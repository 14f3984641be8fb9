export type Properties = Readonly<Record<string, unknown>>;

/** What one run is about to do to one resource, or has found of it. */
export interface Change {
  /** Pulumi's type token. */
  readonly token: string;
  readonly operation: "create" | "update" | "replace" | "delete";
  /** Inputs as the stack had them before it looked; undefined for a resource that is new to it. */
  readonly recorded?: Properties | undefined;
  /** As it was found; undefined when it is not there. */
  readonly have?: Properties | undefined;
  /** Undefined for what is to go. */
  readonly want?: Properties | undefined;
  /** What would be done on its host, command by command. */
  readonly steps: readonly string[];
}

export const tokens = {
  machine: "bramble:host:Machine",
  file: "bramble:host:File",
  archive: "bramble:host:Archive",
  release: "bramble:host:Release",
  unit: "bramble:systemd:Unit",
  topic: "bramble:kafka:Topic",
  settings: "bramble:kafka:DynamicBrokerConfig",
} as const;

/** A property as text: of what is wanted, or of what is to go. */
export function textOf({ want, have }: Pick<Change, "want" | "have">, key: string): string {
  return text((want ?? have)?.[key]);
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

/** Whether a field was changed by another hand, and would be changed back. */
export function drifted({ recorded, have, want }: Change, key: string): boolean {
  if (recorded === undefined || have === undefined || want === undefined) return false;
  return text(have[key]) !== text(want[key]) && text(have[key]) !== text(recorded[key]);
}

/** Whether it was there when the stack last looked, and is there no more. */
export function vanished({ operation, recorded }: Change): boolean {
  return operation === "create" && recorded !== undefined;
}
