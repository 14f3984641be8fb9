import { positiveDuration } from "./duration.ts";
import { fold, number } from "./operator.ts";

/**
 * How fast a value changes: (x - x') / (t - t') * per, where x' is the value before it and t, t' are their event times;
 * the unit is that of x per second, minute... The first value only seeds the state. A record that is not later than the one
 * before it has no rate: it is refused and forgotten.
 */
export const rate = fold({
  params: { per: positiveDuration().prefault("1s").describe("The unit of time: 1s gives the change per second") },
  value: number(),
  initial: null as { readonly value: number; readonly time: number } | null,
  step: ({ per }, before, value, { timestampMs: time }) => {
    const now = { value, time };
    if (before === null) return [now, []];
    const elapsed = time - before.time;
    if (elapsed <= 0) throw new Error(`expected a later record than the last, found one ${-elapsed} ms before it`);
    return [now, [(value - before.value) / (elapsed / per)]];
  },
});
