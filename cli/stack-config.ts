import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** Plain settings of the stack `rpi`, as `pulumi config` wrote them. */
export function stackConfig(): { pipeline?: string; port?: string } {
  const file = join(import.meta.dirname, "..", "Pulumi.rpi.yaml");
  const { config = {} } = parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> };
  const text = (key: string) => {
    const value = config[`bramble:${key}`];
    return typeof value === "string" || typeof value === "number" ? { [key]: String(value) } : {};
  };
  return { ...text("pipeline"), ...text("port") };
}
