import { fold, int, number } from "./operator.ts";

const MODULUS = 2 ** 31 - 1;

/**
 * Adds random noise, uniform in [-amplitude, amplitude], in the unit of x. The same `seed` gives the same noise; without
 * one, every new service draws its own. The state is that of the generator, so noise goes on where it was after a restart.
 * Source of the generator (minstd): S. K. Park, K. W. Miller, P. K. Stockmeyer, CACM 36(7), 1993: s' = 48271*s mod 2^31-1.
 */
export const addNoise = fold({
  params: {
    amplitude: number().gte(0).default(1).describe("Largest noise, in the unit of the values"),
    seed: int().gte(1).lt(MODULUS).optional().describe("Makes the noise reproducible"),
  },
  value: number(),
  initial: ({ seed = randomSeed() }) => warmedUp(seed),
  step: ({ amplitude }, state, x) => [next(state), [x + amplitude * (2 * fraction(next(state)) - 1)]],
});

function next(state: number): number {
  return (48271 * state) % MODULUS;
}

/** From 0 for the smallest state to 1 for the largest, both included. */
function fraction(state: number): number {
  return (state - 1) / (MODULUS - 2);
}

/** Two rounds spread small seeds over the whole range; straight from the seed 1, 2, 3 all would start near -amplitude. */
function warmedUp(seed: number): number {
  return next(next(seed));
}

function randomSeed(): number {
  return 1 + Math.floor(Math.random() * (MODULUS - 1));
}
