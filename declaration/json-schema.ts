import { FIELD } from "../operators/field.ts";
import type { Operator } from "../operators/operator.ts";
import { type JsonSchema, jsonSchemaOf } from "./describe-schema.ts";
import { OPERATOR_NAME } from "./names.ts";
import type { CatalogueEntry } from "./operator-catalogue.ts";
import { filter, pipelineShape, step } from "./shape.ts";

/** The JSON Schema of pipeline files, for editors: the shape, with the parameters of the operators filled in. */
export function pipelineJsonSchema(operators: ReadonlyMap<string, CatalogueEntry>): JsonSchema {
  const shape = jsonSchemaOf(pipelineShape, (part, of) => {
    if (of === step) Object.assign(part, stepSchema(operators));
    if (of === filter) Object.assign(part, stepSchema(filtersAmong(operators), "A filter's name"));
  });
  return { $schema: "http://json-schema.org/draft-07/schema#", title: "A bramble pipeline", ...shape };
}

/** A built-in operator must have its parameters right; any other name may be an operator of the user's own. */
function stepSchema(operators: ReadonlyMap<string, CatalogueEntry>, what = "An operator's name"): JsonSchema {
  const parameters = new Map<string, JsonSchema>();
  for (const [name, { operator }] of operators) {
    const schema = jsonSchemaOf(operator.params);
    const { required } = schema;
    // Nothing may stand under a name that needs no parameter; some need one, whichever it is.
    if (needsNothing(operator)) parameters.set(name, { ...schema, type: ["object", "null"] });
    else parameters.set(name, required === undefined ? { ...schema, minProperties: 1 } : schema);
  }
  const bare = [...parameters.keys()].filter((name) => needsNothing(operators.get(name)?.operator));
  const demanding = [...parameters.keys()].filter((name) => !bare.includes(name));
  const named = { properties: Object.fromEntries(parameters), additionalProperties: true };
  const names = { propertyNames: { pattern: OPERATOR_NAME.source } };
  const field = { type: "string", pattern: FIELD.source, description: "Field of an object that it works on" } as const;
  return {
    description: `${what}, or its name over its parameters, and the field that it works on`,
    anyOf: [
      ...(bare.length === 0 ? [] : [{ enum: bare }]),
      { type: "string", pattern: OPERATOR_NAME.source, not: { enum: demanding } },
      { type: "object", ...named, ...names, minProperties: 1, maxProperties: 1 },
      {
        type: "object",
        ...named,
        properties: { ...named.properties, field },
        ...names,
        required: ["field"],
        minProperties: 2,
        maxProperties: 2,
      },
    ],
  };
}

/** The filters; the other built-in operators may not stand in their place. */
function filtersAmong(operators: ReadonlyMap<string, CatalogueEntry>): ReadonlyMap<string, CatalogueEntry> {
  return new Map([...operators].filter(([, { operator }]) => operator.filters));
}

/** A bare name is right for it. */
function needsNothing(operator: Operator | undefined): boolean {
  return operator?.params.safeParse({}).success ?? false;
}
