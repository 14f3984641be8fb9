import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { ewma } from "../../../operators/ewma.ts";
import { movingAverage } from "../../../operators/moving-average.ts";
import { type At, run, runAt } from "../../../operators/run.ts";
import { sessionWindow } from "../../../operators/session-window.ts";
import { timeWindow } from "../../../operators/time-window.ts";
import { ALL } from "../window-streams.ts";

type Row = readonly (number | null)[];

/** As make.py beside this file wrote it. */
const pandas: {
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly ewma: { readonly alpha: number; readonly values: readonly number[] };
  readonly movingAverage: { readonly over: number; readonly values: readonly number[] };
  readonly timeWindows: readonly { readonly size: number; readonly advance: number; readonly rows: readonly Row[] }[];
  readonly sessionWindows: readonly { readonly gap: number; readonly rows: readonly Row[] }[];
} = JSON.parse(readFileSync(new URL("readings.json", import.meta.url), "utf8"));

/** pandas rounds at every step; these are some dozen such roundings. */
const CLOSE = 1e-13;

function expectClose(found: readonly unknown[], wanted: readonly (number | null)[]): void {
  expect(found).toHaveLength(wanted.length);
  for (const [i, want] of wanted.entries()) {
    if (want === null) expect(found[i]).toBeNull();
    else expect(Math.abs((found[i] as number) - want)).toBeLessThanOrEqual(CLOSE * Math.max(1, Math.abs(want)));
  }
}

/** The readings, and then one so much later that it closes every window. */
const readings: readonly At[] = [
  ...pandas.times.map((time, i): At => [time, pandas.values[i]]),
  [(pandas.times.at(-1) ?? 0) + 3_600_000, 0],
];

const ALL_OF = (results: readonly (At | string)[]) =>
  results.map((each) => each[1] as unknown as { readonly start: number } & Record<(typeof ALL)[number], number | null>);

test("ewma is pandas' ewm(adjust=False), from the second value on", () => {
  const { alpha, values } = pandas.ewma;
  expectClose(run(ewma, { alpha }, pandas.values), values.slice(1));
});

test("moving-average is pandas' rolling mean", () => {
  const { over, values } = pandas.movingAverage;
  expectClose(run(movingAverage, { over }, pandas.values), values);
});

test.each(pandas.timeWindows)("time-window of $size ms every $advance ms is pandas' resample", (windows) => {
  const { size, advance, rows } = windows;
  const params = { size: `${size}ms`, advance: `${advance}ms`, compute: ALL };
  const results = ALL_OF(runAt(timeWindow, params, readings));
  expect(results).toHaveLength(rows.length);
  for (const [i, result] of results.entries()) {
    expectClose([result.start, ...ALL.map((name) => result[name])], rows[i] ?? []);
  }
});

test.each(pandas.sessionWindows)("session-window with a gap of $gap ms is pandas' groupby of runs", ({ gap, rows }) => {
  const results = ALL_OF(runAt(sessionWindow, { gap: `${gap}ms`, compute: ALL }, readings));
  expect(results).toHaveLength(rows.length);
  for (const [i, result] of results.entries()) {
    expectClose(
      ALL.map((name) => result[name]),
      rows[i] ?? [],
    );
  }
});
