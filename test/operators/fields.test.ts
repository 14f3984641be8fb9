import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { advance, linkOf } from "../../operators/chain.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { ewma } from "../../operators/ewma.ts";
import { extractTimestamp } from "../../operators/extract-timestamp.ts";
import { valueAt, withValueAt } from "../../operators/field.ts";
import type { Link } from "../../operators/message.ts";
import type { Operator } from "../../operators/operator.ts";
import { type At, runAt } from "../../operators/run.ts";
import { selectKey } from "../../operators/select-key.ts";
import { threshold } from "../../operators/threshold.ts";
import { timeWindow } from "../../operators/time-window.ts";

const on = (field: string, operator: string, of: Operator, params: object): Link =>
  linkOf({ operator, params: of.params.parse(params), field }, of);

function through(chain: readonly Link[], records: readonly At[]): At[] {
  const state = new ChainState();
  return records.flatMap(([timestampMs, value]) => [
    ...advance(chain, state, { key: null, value, timestampMs }, (out): At => [out.timestampMs, out.value]).outputs,
  ]);
}

describe("an operator on a field", () => {
  const readings: At[] = [20, 30, 40].map((celsius, i) => [i * 1000, { id: i, at: { celsius } }]);

  test("passes or drops the whole object", () => {
    expect(through([on("at.celsius", "threshold", threshold, { above: 20 })], readings)).toEqual(readings.slice(1));
  });

  test("puts what it makes of the field in its place, and leaves the rest as it is", () => {
    expect(through([on("at.celsius", "ewma", ewma, { alpha: 0.5 })], readings)).toEqual([
      [1000, { id: 1, at: { celsius: 25 } }],
      [2000, { id: 2, at: { celsius: 32.5 } }],
    ]);
    expect(readings[1]).toEqual([1000, { id: 1, at: { celsius: 30 } }]);
  });

  test("sends a window's result on by itself, as it stands for many objects", () => {
    const window = on("at.celsius", "time-window", timeWindow, { size: "2s", compute: "mean" });
    expect(through([window], readings)).toEqual([[1999, 25]]);
  });

  test("refuses an object without it, and a field of another kind, by its name", () => {
    const chain = [on("at.celsius", "threshold", threshold, { above: 20 })];
    expect(() => through(chain, [[0, { at: 7 }]])).toThrow(
      'threshold(at.celsius): expected an object with field at.celsius, found {"at":7}',
    );
    expect(() => through(chain, [[0, { at: { celsius: "20" } }]])).toThrow(
      'threshold(at.celsius): expected a number, found "20"',
    );
  });
});

test("a field that was replaced reads as its replacement, and every other one as before", () => {
  const object = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.dictionary(fc.constantFrom("x", "y"), fc.integer()));
  fc.assert(
    fc.property(object, fc.integer(), (value, replacement) => {
      const before = JSON.stringify(value);
      const paths = Object.entries(value).flatMap(([outer, inner]) =>
        Object.keys(inner).map((key) => `${outer}.${key}`),
      );
      for (const path of paths) {
        const after = withValueAt(value, path, replacement);
        for (const each of paths) expect(valueAt(after, each)).toBe(each === path ? replacement : valueAt(value, each));
      }
      expect(JSON.stringify(value)).toBe(before);
    }),
  );
  expect(withValueAt({ list: [1, { x: 2 }] }, "list.1.x", 3)).toEqual({ list: [1, { x: 3 }] });
});

test("select-key gives the record the key in its field; one without is refused", () => {
  const values = ["roof", 7.5, true, "", { id: 1 }, null].map((sensor): At => [0, { sensor }]);
  expect(
    runAt(selectKey, { field: "sensor" }, values).map((each) => (typeof each === "string" ? each : each[2])),
  ).toEqual([
    "roof",
    "7.5",
    "true",
    "",
    'it: expected a text, a number, true or false as the key, found {"id":1}',
    "it: expected a text, a number, true or false as the key, found null",
  ]);
});

test("what follows select-key has a state for each of the new keys", () => {
  const chain = [
    linkOf({ operator: "select-key", params: { field: "s" } }, selectKey),
    on("x", "ewma", ewma, { alpha: 0.5 }),
  ];
  const records = [
    { s: "a", x: 0 },
    { s: "b", x: 100 },
    { s: "a", x: 2 },
    { s: "b", x: 50 },
  ].map((value, i): At => [i, value]);
  expect(through(chain, records)).toEqual([
    [2, { s: "a", x: 1 }],
    [3, { s: "b", x: 75 }],
  ]);
});

test.each([
  [1_763_899_200_000, 1_763_899_200_000],
  [1500.9, 1500],
  ["1970-01-01T00:00:01.5Z", 1500],
  ["1970-01-01T01:00:01+01:00", 1000],
  ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
  ["2026-02-28T24:00:00Z", Date.UTC(2026, 2, 1)],
])("extract-timestamp takes %p as %d", (at, timestampMs) => {
  expect(runAt(extractTimestamp, { field: "at" }, [[7, { at }]])).toEqual([[timestampMs, { at }]]);
});

test.each([
  ["s", 1_763_899_200, 1_763_899_200_000],
  ["s", 1_763_899_200.001, 1_763_899_200_001], // times 1000 it is 0.0002 less
  ["s", 1.0019, 1001],
  ["ms", 1_763_899_200_000, 1_763_899_200_000],
  ["us", 1_763_899_200_000_999, 1_763_899_200_000],
  ["us", 999.9, 0],
  ["ns", 1_763_899_200_001_000_000, 1_763_899_200_001], // as a double it is 64 ns less
  ["ns", 1_763_899_200_001_900_000, 1_763_899_200_001],
  ["ns", 8_999_999_999_999_999, 8_999_999_999], // over 1e6 it is rounded up
  ["ns", 1_999_999, 1],
  ["ns", "1970-01-01T00:00:01Z", 1000],
])("extract-timestamp in %s takes %p as %d", (unit, at, timestampMs) => {
  expect(runAt(extractTimestamp, { field: "at", unit }, [[7, { at }]])).toEqual([[timestampMs, { at }]]);
});

test("extract-timestamp in ns takes every whole millisecond of today as it is", () => {
  const times = Array.from({ length: 2000 }, (_, i) => 1_763_899_200_000 + i);
  const records = times.map((ms): At => [7, { at: JSON.parse(`${ms}000000`) }]);
  expect(runAt(extractTimestamp, { field: "at", unit: "ns" }, records).map(([ms]) => ms)).toEqual(times);
});

test.each([
  ["ms", 1_763_899_200, "milliseconds since 1970, found 1763899200, which in seconds is", "s"],
  ["ms", 1_763_899_200_000_000, "milliseconds since 1970, found 1763899200000000, which in microseconds is", "us"],
  [
    "ms",
    1_763_899_200_000_000_000,
    "milliseconds since 1970, found 1763899200000000000, which in nanoseconds is",
    "ns",
  ],
  ["s", 1_763_899_200_000, "seconds since 1970, found 1763899200000, which in milliseconds is", "ms"],
  ["ns", 1_763_899_200, "nanoseconds since 1970, found 1763899200, which in seconds is", "s"],
])("extract-timestamp in %s refuses %p, which is a time in another unit", (unit, at, found, meant) => {
  expect(runAt(extractTimestamp, { field: "at", unit }, [[7, { at }]])).toEqual([
    `it: expected ${found} 2025-11-23T12:00:00.000Z: write unit: ${meant}`,
  ]);
});

test.each([
  "yesterday",
  "2026-11-23",
  "2026-11-23T12:00:00",
  "2026-13-01T00:00:00Z",
  "2026-02-30T12:00:00Z",
  "2026-02-29T12:00:00Z",
  "2100-02-29T12:00:00Z",
  "2026-11-31T12:00+01:00",
  "2026-01-00T00:00:00Z",
  -1,
  1e16,
  1e300,
  null,
  true,
])("extract-timestamp refuses %p", (at) => {
  expect(runAt(extractTimestamp, { field: "at" }, [[7, { at }]])).toEqual([
    expect.stringContaining(`or a text such as 2026-11-23T12:00:00Z), found ${JSON.stringify(at)}`),
  ]);
});
