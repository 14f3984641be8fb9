import { exactNumber } from "./exact-number.ts";
import { field, valueAt } from "./field.ts";
import { flatMap, forward, unknown } from "./operator.ts";

/**
 * Gives the record the key that stands in a field: text as it is, true or false as JSON writes it, a number with all
 * of its digits, so that two numbers are never one key. What follows in the same service keeps a state for each new key; the topic that the service writes has its records of one key in one
 * partition, so the services that read it see all of a key, however many partitions there are.
 * Source: Kafka Streams, KStream.selectKey; Kafka Connect, ValueToKey.
 */
export const selectKey = flatMap({
  params: { field: field().describe("Path of the field, such as sensor.id") },
  rekeys: true,
  exact: true,
  moves: () => ({}),
  value: unknown().describe("an object"),
  step: ({ field }, value, { text }) => [
    forward(value, { key: keyOf(valueAt(value, field), () => text?.(field) ?? JSON.stringify(valueAt(value, field))) }),
  ],
});

function keyOf(value: unknown, text: () => string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return exactNumber(text());
  if (typeof value === "boolean") return String(value);
  throw new Error(`expected a text, a number, true or false as the key, found ${JSON.stringify(value)}`);
}
