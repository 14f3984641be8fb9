import { filter, number } from "./operator.ts";

/**
 * Keeps x > above, x < below, or with both the band between: strictly, so that a bound itself is dropped. Bounds are in
 * the unit of x.
 */
export const threshold = filter({
  params: {
    above: number().optional().describe("Values must be greater than this"),
    below: number().optional().describe("Values must be less than this"),
  },
  check: ({ above, below }) => {
    if (above === undefined && below === undefined)
      return { at: "above", expected: "a number for above, below or both" };
    if (above === undefined || below === undefined || above < below) return undefined;
    return { at: "above", expected: `a number less than below (${below}; values between the two are kept)` };
  },
  value: number(),
  step: ({ above = -Infinity, below = Infinity }, x) => x > above && x < below,
});
