import { type core, toJSONSchema, type ZodType } from "zod";
import type { Path } from "./diagnostic.ts";

export type JsonSchema = core.JSONSchema.BaseSchema;

/** A schema of what may be written, as JSON Schema; `change` may amend any part. */
export function jsonSchemaOf(schema: ZodType, change: (part: JsonSchema, of: unknown) => void = () => {}): JsonSchema {
  const { $schema: _, ...written } = toJSONSchema(schema, {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      // Whole numbers come with the bounds of exact doubles, which nobody asked for.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      change(jsonSchema, zodSchema);
    },
  });
  return written;
}

/** The part of a schema that governs `path`, as JSON Schema; undefined where the schema says nothing. */
export function schemaAt(schema: ZodType, path: Path): JsonSchema | undefined {
  return path.reduce<JsonSchema | undefined>((at, step) => at && below(at, step), jsonSchemaOf(schema));
}

/** The keys that a mapping may have, in the schema's order; those that are there only to be refused left out. */
export function keysOf(schema: JsonSchema | undefined): string[] {
  if (schema?.anyOf !== undefined) return schema.anyOf.flatMap((each) => keysOf(each as JsonSchema));
  const properties = Object.entries((schema?.properties ?? {}) as Record<string, JsonSchema>);
  return properties.filter(([, { not }]) => not === undefined).map(([key]) => key);
}

/** "a number > 0 and <= 1": what a schema wants, in words. */
export function describeSchema(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => describeSchema(each as JsonSchema)).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.map((each) => JSON.stringify(each)).join(", ")}`;
  switch (schema.type) {
    case "number":
      return withBounds("a number", schema);
    case "integer":
      return withBounds("a whole number", schema);
    case "string":
      if (schema.examples !== undefined) return `${schema.title ?? "a text"} such as ${schema.examples.join(", ")}`;
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

function withBounds(what: string, schema: JsonSchema): string {
  const bounds = [
    schema.exclusiveMinimum === undefined ? "" : `> ${schema.exclusiveMinimum}`,
    schema.minimum === undefined ? "" : `>= ${schema.minimum}`,
    schema.exclusiveMaximum === undefined ? "" : `< ${schema.exclusiveMaximum}`,
    schema.maximum === undefined ? "" : `<= ${schema.maximum}`,
  ].filter((bound) => bound !== "");
  return bounds.length === 0 ? what : `${what} ${bounds.join(" and ")}`;
}
