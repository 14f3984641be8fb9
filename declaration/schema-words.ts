import { type core, toJSONSchema, type ZodType } from "zod";
import type { Path } from "./faults.ts";

type JsonSchema = core.JSONSchema.BaseSchema;

/** The part of a schema that governs `path`, as JSON Schema; undefined where the schema says nothing. */
export function schemaAt(schema: ZodType, path: Path): JsonSchema | undefined {
  const whole: JsonSchema = toJSONSchema(schema, { io: "input", target: "draft-7", unrepresentable: "any" });
  return path.reduce<JsonSchema | undefined>((at, step) => at && below(at, step), whole);
}

/** The keys that a mapping may have, in the schema's order. */
export function keysOf(schema: JsonSchema | undefined): string[] {
  if (schema?.anyOf !== undefined) return schema.anyOf.flatMap((each) => keysOf(each as JsonSchema));
  return Object.keys(schema?.properties ?? {});
}

/** "a number > 0 and <= 1": what a schema wants, in words. */
export function inWords(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => inWords(each as JsonSchema)).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.map((each) => JSON.stringify(each)).join(", ")}`;
  switch (schema.type) {
    case "number":
      return withBounds("a number", schema);
    case "integer":
      return withBounds("a whole number", schema);
    case "string":
      return schema.pattern === undefined ? "a text" : `a text that matches ${schema.pattern}`;
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "null":
      return "nothing";
    case "object": {
      const keys = keysOf(schema);
      return keys.length === 0 ? "a mapping" : `a mapping with ${keys.join(", ")}`;
    }
    default:
      return "another value";
  }
}

function below(schema: JsonSchema, step: string | number): JsonSchema | undefined {
  const branches = (schema.anyOf ?? [schema]) as JsonSchema[];
  for (const { properties, additionalProperties, items } of branches) {
    const next = typeof step === "number" ? items : (properties?.[step] ?? additionalProperties);
    if (typeof next === "object") return next as JsonSchema;
  }
  return undefined;
}

/** JSON Schema gives every whole number the bounds of exact doubles, which nobody asked for. */
function withBounds(what: string, schema: JsonSchema): string {
  const bounds = [
    schema.exclusiveMinimum === undefined ? "" : `> ${schema.exclusiveMinimum}`,
    schema.minimum === undefined || schema.minimum === Number.MIN_SAFE_INTEGER ? "" : `>= ${schema.minimum}`,
    schema.exclusiveMaximum === undefined ? "" : `< ${schema.exclusiveMaximum}`,
    schema.maximum === undefined || schema.maximum === Number.MAX_SAFE_INTEGER ? "" : `<= ${schema.maximum}`,
  ].filter((bound) => bound !== "");
  return bounds.length === 0 ? what : `${what} ${bounds.join(" and ")}`;
}
