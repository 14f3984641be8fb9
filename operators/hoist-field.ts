import { map, string, unknown } from "./operator.ts";

/** An object with the value as its only field. Source: Kafka Connect, HoistField. */
export const hoistField = map({
  params: { field: string().min(1).describe("Name of the field") },
  moves: ({ field }) => ({ into: field }),
  value: unknown().describe("any value"),
  step: ({ field }, value) => ({ [field]: value }),
});
