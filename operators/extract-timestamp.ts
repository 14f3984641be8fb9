import { isEventTime, parseTime } from "./event-time.ts";
import { field, valueAt } from "./field.ts";
import { flatMap, forward, oneOf, unknown } from "./operator.ts";

const UNITS = ["s", "ms", "us", "ns"] as const;
type Unit = (typeof UNITS)[number];
const WORDS: Readonly<Record<Unit, string>> = {
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
};

/** Readings are of these years. Each unit is a thousand of the next one, so a number is such a time in one unit at most. */
const USUAL_MS = { from: Date.UTC(2000), to: Date.UTC(2100) };

/**
 * Gives the record the event time that stands in a field: a number of seconds, milliseconds, microseconds or nanoseconds since
 * the epoch, or a text such as 2026-11-23T12:00:00Z (ISO 8601, with its zone). Event times are whole milliseconds: what is
 * beyond is cut off. A number that is a time from 2000 to 2100 only in another unit is refused. Windows and rates that
 * follow go by the time. Source: Kafka Streams, TimestampExtractor.
 */
export const extractTimestamp = flatMap({
  params: {
    field: field().describe("Path of the field, such as measured.at"),
    unit: oneOf(UNITS).default("ms").describe("Unit of a number: s, ms, us or ns"),
  },
  moves: () => ({}),
  value: unknown().describe("an object"),
  step: ({ field, unit }, value) => [forward(value, { timestampMs: momentOf(valueAt(value, field), unit) })],
});

function momentOf(value: unknown, unit: Unit): number {
  let moment = Number.NaN;
  if (typeof value === "string") moment = parseTime(value);
  if (typeof value === "number") {
    moment = inMilliseconds(value, unit);
    mustNotBeInAnother(unit, value, moment);
  }
  if (isEventTime(moment)) return moment;
  const expected = `expected a time (${WORDS[unit]} since 1970, or a text such as 2026-11-23T12:00:00Z)`;
  throw new Error(`${expected}, found ${JSON.stringify(value)}`);
}

/** Whole milliseconds, the last one that is not after the moment. */
function inMilliseconds(value: number, unit: Unit): number {
  switch (unit) {
    // Of today's seconds a double holds a quarter of a microsecond: 1.001 s are 1000.9999999999999 ms.
    case "s":
      return Math.floor(Math.round(value * 1e6) / 1e3);
    case "ms":
      return Math.floor(value);
    case "us":
      return wholeQuotient(value, 1_000n);
    case "ns":
      return wholeQuotient(value, 1_000_000n);
    default:
      return unit satisfies never;
  }
}

/**
 * Today's nanoseconds do not fit a double: a whole millisecond is read as a number just above or below it. The shortest
 * decimal of that number, which is what JavaScript shows, is the whole millisecond again.
 */
function wholeQuotient(value: number, divisor: bigint): number {
  // Beyond, numbers are shown with an exponent; no time is there in any unit.
  if (!(value >= 0 && value < 1e21)) return Number.NaN;
  return Number(BigInt(String(Math.floor(value))) / divisor);
}

function mustNotBeInAnother(unit: Unit, value: number, moment: number): void {
  const meant = isUsual(moment) ? undefined : UNITS.find((each) => isUsual(inMilliseconds(value, each)));
  if (meant === undefined) return;
  const time = new Date(inMilliseconds(value, meant)).toISOString();
  throw new Error(
    `expected ${WORDS[unit]} since 1970, found ${value}, which in ${WORDS[meant]} is ${time}: write unit: ${meant}`,
  );
}

function isUsual(timestampMs: number): boolean {
  return timestampMs >= USUAL_MS.from && timestampMs < USUAL_MS.to;
}
