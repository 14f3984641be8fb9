import { field, valueAt } from "./field.ts";
import { flatMap, forward, unknown } from "./operator.ts";

/** The greatest time that a Date can tell. */
const LAST_MS = 8.64e15;

/** With a zone, as otherwise the moment would depend on where it is read. */
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Gives the record the event time that stands in a field: milliseconds since the epoch (a fraction is cut off), or a text such
 * as 2026-11-23T12:00:00Z (ISO 8601, with its zone). Windows and rates that follow go by it.
 * Source: Kafka Streams, TimestampExtractor.
 */
export const extractTimestamp = flatMap({
  params: { field: field().describe("Path of the field, such as measured.at") },
  moves: () => ({}),
  value: unknown().describe("an object"),
  step: (params, value) => [forward(value, { timestampMs: momentOf(valueAt(value, params.field)) })],
});

function momentOf(value: unknown): number {
  const moment = typeof value === "string" && ISO_8601.test(value) ? Date.parse(value) : value;
  if (typeof moment === "number" && moment >= 0 && moment <= LAST_MS) return Math.trunc(moment);
  const expected = "expected a time (milliseconds since 1970, or a text such as 2026-11-23T12:00:00Z)";
  throw new Error(`${expected}, found ${JSON.stringify(value)}`);
}
