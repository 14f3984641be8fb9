import fc from "fast-check";
import type { At } from "../../operators/run.ts";

/** Records of two keys and of none, mostly forward in time, sometimes late, with values whose sums are inexact. */
export const windowStreams: fc.Arbitrary<At[]> = fc
  .array(
    fc.tuple(
      fc.integer({ min: -30, max: 40 }),
      fc.constantFrom(0.1, 0.2, -0.3, 7, 1e10, -1e10, 1e-7),
      fc.constantFrom(undefined, "roof", "cellar"),
    ),
    { maxLength: 60 },
  )
  .map((steps) => {
    let now = 50;
    return steps.map(([step, value, key]): At => {
      now = Math.max(0, now + step);
      return key === undefined ? [now, value] : [now, value, key];
    });
  });

const SCALE = 2 ** 160;

/** Count, sum, min, max, mean and variance of values that are multiples of 2^-160, from their definitions in whole numbers. */
export function naively(values: readonly number[]) {
  const count = values.length;
  const exact = values.map((x) => BigInt(x * SCALE));
  const total = exact.reduce((sum, x) => sum + x, 0n);
  const squares = exact.reduce((sum, x) => sum + x * x, 0n);
  const deviations = Number(BigInt(count) * squares - total * total) / SCALE / SCALE;
  const sum = Number(total) / SCALE;
  return {
    count,
    sum,
    min: Math.min(...values),
    max: Math.max(...values),
    mean: sum / count,
    variance: count < 2 ? null : deviations / (count * (count - 1)),
  };
}

export const ALL = ["count", "sum", "min", "max", "mean", "variance"] as const;
