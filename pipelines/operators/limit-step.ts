import { emit, fold, number } from "bramble/operator";

/** Lets the value move by at most `to` from one record to the next: s' = s + min(to, max(-to, x - s)). */
export const limitStep = fold({
  params: { to: number().gt(0).describe("Largest step between two values") },
  value: number(),
  initial: null as number | null,
  step: ({ to }, s, x) => emit(s === null ? x : s + Math.min(to, Math.max(-to, x - s))),
});
