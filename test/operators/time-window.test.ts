import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type At, runAt } from "../../operators/run.ts";
import { timeWindow } from "../../operators/time-window.ts";
import { ALL, naively, whenGraceGrows, windowStreams } from "./window-streams.ts";

test("a tumbling window gives its result when a later record closes it, at its last millisecond", () => {
  const records: At[] = [
    [0, 1],
    [9_999, 2],
    [10_000, 5],
    [35_000, 7],
    [40_000, 8],
  ];
  expect(runAt(timeWindow, { size: "10s", compute: "sum" }, records)).toEqual([
    [9_999, 3],
    [19_999, 5],
    [39_999, 7],
  ]);
});

test("a list of functions gives an object with the window's start and end", () => {
  const records: At[] = [
    [60_000, 2],
    [61_000, 4],
    [120_000, 9],
    [180_000, 9],
  ];
  expect(runAt(timeWindow, { size: "1m", compute: ALL }, records)).toEqual([
    [119_999, { start: 60_000, end: 120_000, count: 2, sum: 6, min: 2, max: 4, mean: 3, variance: 2 }],
    [179_999, { start: 120_000, end: 180_000, count: 1, sum: 9, min: 9, max: 9, mean: 9, variance: null }],
  ]);
});

test("hopping windows overlap, the first ones from the epoch on", () => {
  const records: At[] = [
    [3_000, 1],
    [7_000, 2],
    [12_000, 4],
    [40_000, 0],
  ];
  expect(runAt(timeWindow, { size: "10s", advance: "5s", compute: "sum" }, records)).toEqual([
    [9_999, 3],
    [14_999, 6],
    [19_999, 4],
  ]);
});

test("within its grace a late record counts, after it it is refused and changes nothing", () => {
  const records: At[] = [
    [1_000, 1],
    [11_000, 10],
    [2_000, 2],
    [15_000, 20],
    [9_999, 100],
    [25_000, 0],
  ];
  expect(runAt(timeWindow, { size: "10s", grace: "5s", compute: "sum" }, records)).toEqual([
    [9_999, 3],
    "it: late record of 1970-01-01T00:00:09.999Z: event time had reached 1970-01-01T00:00:15.000Z, " +
      "so its window was closed; a grace longer than 5000 ms keeps windows open",
    [19_999, 30],
  ]);
});

test("a record that is late for some of its hopping windows counts in the others", () => {
  const records: At[] = [
    [1_000, 1],
    [11_000, 10],
    [8_000, 100],
    [30_000, 0],
  ];
  expect(runAt(timeWindow, { size: "10s", advance: "5s", compute: "sum" }, records)).toEqual([
    [9_999, 1],
    [14_999, 110],
    [19_999, 10],
  ]);
});

test("time is that of the key: a sensor with a slow clock loses nothing to the others", () => {
  const records: At[] = [
    [100_000, 1, "fast"],
    [0, 2, "slow"],
    [10_000, 3, "slow"],
  ];
  expect(runAt(timeWindow, { size: "10s", compute: "sum" }, records)).toEqual([[9_999, 2, "slow"]]);
});

test("a single value has no variance, so there is nothing to send on", () => {
  expect(
    runAt(timeWindow, { size: "1s", compute: "variance" }, [
      [0, 1],
      [1_000, 1],
      [1_500, 4],
      [2_000, 0],
    ]),
  ).toEqual([[1_999, 4.5]]);
});

test("a value that is too large to square is refused, and only where its square is needed", () => {
  const records: At[] = [
    [0, 1e200],
    [1_000, 0],
  ];
  expect(runAt(timeWindow, { size: "1s", compute: "mean" }, records)).toEqual([[999, 1e200]]);
  expect(runAt(timeWindow, { size: "1s", compute: "variance" }, records)).toEqual([
    "it: expected a number of at most 1e+100 in size (its square is needed), found 1e+200",
  ]);
});

test("a window that has given its result stays closed when its grace grows", () => {
  expect(whenGraceGrows(timeWindow, { size: "10s" })).toEqual([
    [9_999, 1],
    expect.stringContaining("late record of 1970-01-01T00:00:02.000Z"),
    [19_999, 5],
  ]);
});

/** From the definition, over the whole stream of one key at once: which records belong to a window, and when it closes. */
function windowed(records: readonly At[], size: number, advance: number, grace: number) {
  const times = records.map((_, i) => Math.max(...records.slice(0, i + 1).map(([t]) => t)));
  const starts: number[] = [];
  for (let start = 0; start <= Math.max(0, ...times); start += advance) starts.push(start);
  const isOpen = (start: number, i: number) => (times[i] ?? 0) < start + size + grace;
  const holds = (start: number, [t]: At) => start <= t && t < start + size;
  return records.flatMap((record, i): (At | string)[] => {
    if (!starts.some((start) => holds(start, record) && isOpen(start, i))) return ["late"];
    return starts
      .filter((start) => !isOpen(start, i) && (i === 0 || isOpen(start, i - 1)))
      .flatMap((start) => {
        const values = records.filter((each, j) => j < i && holds(start, each) && isOpen(start, j)).map(([, x]) => x);
        const end = start + size;
        return values.length === 0 ? [] : [[end - 1, { start, end, ...naively(values as number[]) }] as At];
      });
  });
}

test("is what the definition gives, digit for digit, for late records, several keys and a crash after each record", () => {
  const lengths = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), fc.nat(60));
  fc.assert(
    fc.property(windowStreams, lengths, (records, [size, hop, grace]) => {
      const advance = Math.min(size, hop);
      const params = { size: `${size}ms`, advance: `${advance}ms`, grace: `${grace}ms`, compute: ALL };
      const results = runAt(timeWindow, params, records).map((each) => (typeof each === "string" ? "late" : each));
      const ofKey = (all: readonly (At | string)[], key: string | undefined) =>
        all.flatMap((each) => (typeof each !== "string" && each[2] === key ? [[each[0], each[1]] as At] : []));
      for (const key of [undefined, "roof", "cellar"]) {
        const naive = windowed(ofKey(records, key), size, advance, grace);
        expect(ofKey(results, key)).toEqual(naive.filter((each) => each !== "late"));
      }
      const late = [undefined, "roof", "cellar"].flatMap((key) =>
        windowed(ofKey(records, key), size, advance, grace).filter((each) => each === "late"),
      );
      expect(results.filter((each) => each === "late")).toHaveLength(late.length);
    }),
  );
});
