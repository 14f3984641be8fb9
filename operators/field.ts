import { string } from "./operator.ts";

/** Keys from the outside in, joined by dots: position.lat; a whole number is an index of a list, from 0. */
export const FIELD = /^[^./]+(\.[^./]+)*$/;

/** A parameter that names a field of an object. */
export const field = () =>
  string()
    .regex(FIELD)
    .meta({ title: "the path of a field", examples: ["celsius", "position.lat"] });

/** The value of a field. Throws when it is not there. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce((at, step) => {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) {
      throw new Error(`expected an object with field ${path}, found ${JSON.stringify(value)}`);
    }
    return (at as Record<string, unknown>)[step];
  }, value);
}

/** A copy of an object with another value in a field that it has. */
export function withValueAt(value: unknown, path: string, replacement: unknown): unknown {
  const [step = "", ...rest] = path.split(".");
  const next = rest.length === 0 ? replacement : withValueAt(valueAt(value, step), rest.join("."), replacement);
  if (Array.isArray(value)) return value.with(Number(step), next);
  return { ...(value as object), [step]: next };
}
