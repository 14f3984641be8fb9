import { filter, number } from "./operator.ts";

/** Keeps x > above, strictly; `above` is in the unit of x. */
export const threshold = filter({
  params: { above: number().describe("Values must be greater than this") },
  value: number(),
  step: ({ above }, x) => x > above,
});
