import fc from "fast-check";
import type { Operator } from "../../operators/operator.ts";
import { type At, runEdited } from "../../operators/run.ts";

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

/** Sums of a window that closes without grace, and then gets a record that a grace of 20 s would have let in. */
export function whenGraceGrows(operator: Operator, length: object): (At | string)[] {
  const sums = (grace: string) => ({ ...length, grace, compute: "sum" });
  const before: At[] = [
    [1_000, 1],
    [15_000, 2],
  ];
  const after: At[] = [
    [2_000, 100],
    [12_000, 3],
    [60_000, 0],
  ];
  return runEdited(operator, [
    [sums("0s"), before],
    [sums("20s"), after],
  ]);
}

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
