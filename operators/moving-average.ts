import { fold, int, number } from "./operator.ts";
import { MAX_REMEMBERED } from "./state-size.ts";

const TOO_MANY = `a whole number of at most ${MAX_REMEMBERED} (for a longer average use time-window with compute: mean, or ewma)`;

/**
 * Simple moving average: the mean of the last n values, n = `over`, in the unit of x. Nothing until the n-th value.
 * Added oldest first from the window each time: a running sum would let rounding errors pile up over a long stream.
 * Source: NIST/SEMATECH e-Handbook of Statistical Methods, 6.4.2.1.
 */
export const movingAverage = fold({
  params: {
    over: int()
      .gte(1)
      .refine((over) => over <= MAX_REMEMBERED, TOO_MANY)
      .meta({ maximum: MAX_REMEMBERED })
      .describe("Number of values in the window"),
  },
  value: number(),
  initial: [] as readonly number[],
  step: ({ over }, window, x) => {
    const last = [...window, x].slice(-over);
    return [last, last.length === over ? [mean(last)] : []];
  },
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
