import { emit, fold, number } from "./operator.ts";

/**
 * Report by exception: a value passes when it differs by more than `by`, in the unit of x, from the last one that passed;
 * the first one always does. With a `by` of 0, each change passes. Slow drift passes in the end: what counts is the last
 * value that passed, not the last one that came.
 * Source: OPC 10000-8 (OPC UA Data Access), 6.2, AbsoluteDeadband.
 */
export const deadband = fold({
  params: { by: number().gte(0).describe("Largest difference that is dropped") },
  value: number(),
  initial: null as number | null,
  step: ({ by }, last, x) => (last === null || Math.abs(x - last) > by ? emit(x) : [last, []]),
});
