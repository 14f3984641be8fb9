import { type ExactSum, plusAll, rounded, times } from "./exact-sum.ts";
import { array, oneOf, union } from "./operator.ts";

const FUNCTIONS = ["count", "sum", "min", "max", "mean", "variance"] as const;
type AggregateFunction = (typeof FUNCTIONS)[number];

/** One function, whose result is a number, or a list of them. */
export const compute = () =>
  union([oneOf(FUNCTIONS), array(oneOf(FUNCTIONS)).min(1)]).describe(
    "count, sum, min, max, mean or variance; or a list of these",
  );
export type Compute = AggregateFunction | readonly AggregateFunction[];

/** What is remembered of some values: enough for every function, and none of the values. Plain JSON. */
export interface Aggregate {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: ExactSum;
  /** Sum of the squares; only for a variance. */
  readonly squares?: ExactSum;
}

/** Greatest size of a value whose variance can be told: the squares, and sums of them, must fit a double. */
const MAX_FOR_VARIANCE = 1e100;

export function aggregateOf(compute: Compute, x: number): Aggregate {
  const one = { count: 1, min: x, max: x, sum: [x] };
  if (!namesOf(compute).includes("variance")) return one;
  if (Math.abs(x) > MAX_FOR_VARIANCE) {
    throw new Error(`expected a number of at most ${MAX_FOR_VARIANCE} in size (its square is needed), found ${x}`);
  }
  return { ...one, squares: times([x], [x]) };
}

/** What an aggregate's meaning depends on: every function but the variance finds in it what it needs. */
export function basisOf(compute: Compute): { readonly compute?: "variance" } {
  return namesOf(compute).includes("variance") ? { compute: "variance" } : {};
}

/** The aggregate of the values of both. */
export function merged(a: Aggregate, b: Aggregate): Aggregate {
  return {
    count: a.count + b.count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    sum: plusAll(a.sum, b.sum),
    ...(a.squares && b.squares && { squares: plusAll(a.squares, b.squares) }),
  };
}

/**
 * The number that one function gives; a list of functions gives an object with the window's `start` and `end` (milliseconds
 * since the epoch) and each function's number under its name. A variance of one value is not defined: undefined, or null.
 */
export function resultOf(
  compute: Compute,
  aggregate: Aggregate,
  window: { readonly start: number; readonly end: number },
) {
  if (typeof compute === "string") return numberOf(compute, aggregate);
  return { ...window, ...Object.fromEntries(compute.map((name) => [name, numberOf(name, aggregate) ?? null])) };
}

function numberOf(name: AggregateFunction, aggregate: Aggregate): number | undefined {
  const { count, min, max, sum } = aggregate;
  switch (name) {
    case "count":
      return count;
    case "min":
      return min;
    case "max":
      return max;
    case "sum":
      return rounded(sum);
    case "mean":
      return rounded(sum) / count;
    case "variance":
      return variance(aggregate);
  }
}

/**
 * The sample variance, sum((x - mean)^2) / (n - 1), as (n * sum(x^2) - sum(x)^2) / (n * (n - 1)): with exact sums nothing
 * cancels, and only the result is rounded.
 */
function variance({ count, sum, squares = [] }: Aggregate): number | undefined {
  if (count < 2) return undefined;
  const minusSumSquared = times(sum, sum).map((part) => -part);
  return rounded(plusAll(times([count], squares), minusSumSquared)) / (count * (count - 1));
}

function namesOf(compute: Compute): readonly AggregateFunction[] {
  return typeof compute === "string" ? [compute] : compute;
}
