import { isUnknown, type Properties, reveal } from "./property-values.ts";
import type { Failure, PropertyType, ResourceType } from "./resource-type.ts";

/** The inputs with defaults filled in, and every fault of theirs. */
export function check(type: ResourceType, news: Properties): { inputs: Properties; failures: Failure[] } {
  const inputs: Record<string, unknown> = { ...news };
  const failures: Failure[] = [];
  for (const property of Object.keys(news)) {
    if (!Object.hasOwn(type.inputs, property)) failures.push({ property, reason: "no such input" });
  }
  for (const [property, schema] of Object.entries(type.inputs)) {
    inputs[property] ??= schema.default;
    const value = reveal(inputs[property]);
    if (value == null) {
      delete inputs[property];
      if (schema.required) failures.push({ property, reason: "is required" });
    } else if (!isUnknown(value) && typeOf(value) !== schema.type) {
      failures.push({ property, reason: `must be a ${schema.type}, not a ${typeOf(value)}` });
    }
  }
  const known = Object.values(inputs).every((value) => !isUnknown(reveal(value)));
  if (failures.length === 0 && known) failures.push(...type.check(reveal(inputs) as Properties));
  return { inputs, failures };
}

function typeOf(value: unknown): PropertyType | string {
  return Array.isArray(value) ? "list" : typeof value;
}
