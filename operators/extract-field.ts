import { field, valueAt } from "./field.ts";
import { map, unknown } from "./operator.ts";

/** An object's field in place of the object. Source: Kafka Connect, ExtractField. */
export const extractField = map({
  params: { field: field().describe("Path of the field, such as position.lat") },
  moves: ({ field }) => ({ from: field }),
  value: unknown().describe("an object"),
  step: (params, value) => valueAt(value, params.field),
});
