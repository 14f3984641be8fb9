import { fraction, MODULUS, next, warmedUp } from "./minstd.ts";
import { fold, int, number } from "./operator.ts";

/**
 * Adds random noise, uniform in [-amplitude, amplitude], in the unit of x. The same `seed` gives the same noise; without
 * one, every new service draws its own. The state is that of the generator, so noise goes on where it was after a restart.
 */
export const addNoise = fold({
  params: {
    amplitude: number().gte(0).default(1).describe("Largest noise, in the unit of the values"),
    seed: int().gte(1).lt(MODULUS).optional().describe("Makes the noise reproducible"),
  },
  value: number(),
  initial: ({ seed = randomSeed() }) => warmedUp(seed),
  stateDependsOn: ({ seed }) => (seed === undefined ? {} : { seed }),
  step: ({ amplitude }, state, x) => [next(state), [x + amplitude * (2 * fraction(next(state)) - 1)]],
});

function randomSeed(): number {
  return 1 + Math.floor(Math.random() * (MODULUS - 1));
}
