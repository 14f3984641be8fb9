import { emit, fold, number } from "./operator.ts";

/**
 * Exponentially weighted moving average: s' = alpha*x + (1-alpha)*s, in the unit of x. The first value seeds the state
 * and emits nothing. A larger alpha (0 < alpha <= 1) forgets faster.
 * Source: S. W. Roberts, "Control Chart Tests Based on Geometric Moving Averages", Technometrics 1(3), 1959.
 */
export const ewma = fold({
  params: { alpha: number().gt(0).lte(1).describe("Weight of the newest value") },
  value: number(),
  initial: null as number | null,
  step: ({ alpha }, state, x) => (state === null ? [x, []] : emit(alpha * x + (1 - alpha) * state)),
});
