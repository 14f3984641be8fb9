/**
 * A sum of doubles without any rounding: doubles of ever greater size whose bits do not overlap, smallest first. Whatever
 * the order in which values are added, the sum is the same, so late and early records, and merged windows, change no digit.
 * Source: J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic", Discrete & Computational Geometry 18, 1997.
 */
export type ExactSum = readonly number[];

/** Throws when the sum outgrows a double. */
function plus(sum: ExactSum, x: number): ExactSum {
  const parts: number[] = [];
  let carried = x;
  for (const part of sum) {
    const [high, low] = twoSum(carried, part);
    if (low !== 0) parts.push(low);
    carried = high;
  }
  if (!Number.isFinite(carried)) throw new Error("the sum is more than a double holds (1.8e308)");
  if (carried !== 0 || parts.length === 0) parts.push(carried + 0);
  return parts;
}

export function plusAll(sum: ExactSum, xs: Iterable<number>): ExactSum {
  let total = sum;
  for (const x of xs) total = plus(total, x);
  return total;
}

/** a * b, exactly, where the products lie between 1e-290 and 1e300 in size. */
export function times(a: ExactSum, b: ExactSum): ExactSum {
  return a.reduce<ExactSum>((sum, x) => b.reduce((part, y) => plusAll(part, twoProduct(x, y)), sum), []);
}

/** The double that is nearest to the sum; of two that are as near, the even one. */
export function rounded(sum: ExactSum): number {
  let i = sum.length - 1;
  let high = sum[i] ?? 0;
  let low = 0;
  while (i > 0 && low === 0) [high, low] = twoSum(high, sum[--i] ?? 0);
  // Half a unit left over goes to the even neighbour, unless what is still below it says which side is nearer.
  const below = sum[i - 1] ?? 0;
  if (i > 0 && low !== 0 && Math.sign(low) === Math.sign(below)) {
    const up = high + 2 * low;
    if (up - high === 2 * low) return up;
  }
  return high;
}

/** The rounded sum and what the rounding took from it (Knuth). */
function twoSum(a: number, b: number): [number, number] {
  const sum = a + b;
  const ofB = sum - a;
  return [sum, a - (sum - ofB) + (b - ofB)];
}

/** The rounded product and what the rounding took from it (Dekker, Veltkamp). */
function twoProduct(a: number, b: number): [number, number] {
  const product = a * b;
  const [aHigh, aLow] = halves(a);
  const [bHigh, bLow] = halves(b);
  return [aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow), product];
}

/** Two doubles of 26 bits or fewer whose sum is x. */
function halves(x: number): [number, number] {
  const scaled = 134_217_729 * x; // 2^27 + 1
  const high = scaled - (scaled - x);
  return [high, x - high];
}
