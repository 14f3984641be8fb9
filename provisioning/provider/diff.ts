export type Properties = Record<string, unknown>;

export interface FieldChange {
  /** Pulumi's property path, e.g. `config["retention.ms"]`. */
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  readonly replace: boolean;
}

/**
 * How the wanted inputs differ from the observed state, field by field. State holds the observed value of every input,
 * so a drift and an edit look the same here; inputs that only say how to make a thing are left out.
 */
export function diff(
  type: { readonly replaceOn: readonly string[]; readonly local: readonly string[] },
  state: Properties,
  want: Properties,
  oldInputs: Properties,
): FieldChange[] {
  const skip = new Set<string>(type.local);
  const keys = [...new Set([...Object.keys(want), ...Object.keys(oldInputs)])].filter((key) => !skip.has(key)).sort();
  return keys.flatMap((key) => {
    const replace = type.replaceOn.includes(key);
    return compare(key, state[key], want[key]).map((change) => ({ ...change, replace }));
  });
}

function compare(path: string, from: unknown, to: unknown): Omit<FieldChange, "replace">[] {
  if (isObject(from) && isObject(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
    return keys.flatMap((key) => compare(step(path, key), from[key], to[key]));
  }
  if (same(from, to)) return [];
  return [{ path, kind: from === undefined ? "add" : to === undefined ? "delete" : "update" }];
}

function step(path: string, key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
