/**
 * A generator of uniform numbers whose state is a number: s' = 48271*s mod 2^31-1.
 * Source (minstd): S. K. Park, K. W. Miller, P. K. Stockmeyer, CACM 36(7), 1993.
 */
export const MODULUS = 2 ** 31 - 1;
const MULTIPLIER = 48271;

export function next(state: number): number {
  return (MULTIPLIER * state) % MODULUS;
}

/** The state after so many steps, found in a few: s * 48271^steps mod 2^31-1. */
export function ahead(state: number, steps: number): number {
  const modulus = BigInt(MODULUS);
  let [result, factor] = [BigInt(state), BigInt(MULTIPLIER)];
  for (let left = BigInt(steps); left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return Number(result);
}

/** From 0 for the smallest state to 1 for the largest, both included. */
export function fraction(state: number): number {
  return (state - 1) / (MODULUS - 2);
}

/** Two rounds spread small seeds over the whole range; straight from the seed 1, 2, 3 all would start near 0. */
export function warmedUp(seed: number): number {
  return next(next(seed));
}
