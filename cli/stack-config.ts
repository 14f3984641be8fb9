import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const keys = ["pipeline", "user", "port", "password", "privateKey"] as const;
type Key = (typeof keys)[number];

export interface StackConfig {
  /** Settings in plain text. */
  readonly plain: Readonly<Partial<Record<Key, string>>>;
  /** The names of the settings that Pulumi has encrypted. */
  readonly secret: readonly Key[];
}

/** The settings of the stack `rpi`, as `pulumi config` wrote them. */
export function stackConfig(file = join(import.meta.dirname, "..", "Pulumi.rpi.yaml")): StackConfig {
  const { config = {} } = parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> };
  const of = (key: Key) => config[`bramble:${key}`];
  const isPlain = (value: unknown) => typeof value === "string" || typeof value === "number";
  return {
    plain: Object.fromEntries(keys.filter((key) => isPlain(of(key))).map((key) => [key, String(of(key))])),
    secret: keys.filter((key) => typeof of(key) === "object"),
  };
}
