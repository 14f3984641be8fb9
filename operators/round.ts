import { map, number } from "./operator.ts";

/**
 * The nearest integer; a half goes up (2.5 -> 3, -2.5 -> -2), as ECMAScript's Math.round does.
 * Adding 0 turns its -0 into 0, which is what JSON writes.
 */
export const round = map({
  value: number(),
  step: (_, x) => Math.round(x) + 0,
});
