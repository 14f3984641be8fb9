import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { addNoise } from "../../operators/add-noise.ts";
import { run } from "../../operators/run.ts";

const record = { key: null, timestampMs: 0 };
const zeros = (n: number) => Array.from({ length: n }, () => 0);

test("its generator is minstd_rand: the 10000th number from seed 1 is 399268537, as the C++ standard demands", () => {
  const params = { amplitude: 1, seed: 1 };
  let state = addNoise.initial(params);
  // Two rounds are over when it starts.
  for (let round = 3; round <= 10_000; round++) [state] = addNoise.step(params, state, 0, record);
  expect(state).toBe(399268537);
});

test("stays within the amplitude", () => {
  const amplitudes = fc.double({ min: 0, max: 1e6, noNaN: true });
  const seeds = fc.integer({ min: 1, max: 2 ** 31 - 2 });
  fc.assert(
    fc.property(amplitudes, seeds, (amplitude, seed) => {
      for (const noise of run(addNoise, { amplitude, seed }, zeros(20))) {
        expect(Math.abs(noise as number)).toBeLessThanOrEqual(amplitude);
      }
    }),
  );
});

test("is uniform: each tenth of the range gets a tenth of the noise, give or take five deviations", () => {
  const tenths = zeros(10);
  const rounds = 20_000;
  for (const noise of run(addNoise, { seed: 42 }, zeros(rounds))) {
    const tenth = Math.min(9, Math.floor(((noise as number) + 1) * 5));
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  const deviation = Math.sqrt(rounds * 0.1 * 0.9);
  for (const count of tenths) expect(Math.abs(count - rounds / 10)).toBeLessThan(5 * deviation);
});

test("is the same for the same seed, and another for another", () => {
  const once = run(addNoise, { seed: 7 }, zeros(5));
  expect(run(addNoise, { seed: 7 }, zeros(5))).toEqual(once);
  expect(run(addNoise, { seed: 8 }, zeros(5))).not.toEqual(once);
});

test("small seeds do not start alike", () => {
  const firsts = [1, 2, 3, 4, 5].map((seed) => run(addNoise, { seed }, [0])[0] as number);
  const gaps = firsts.flatMap((a, i) => firsts.slice(i + 1).map((b) => Math.abs(a - b)));
  expect(Math.min(...gaps)).toBeGreaterThan(0.05);
});

test("without a seed, two services differ", () => {
  expect(run(addNoise, {}, zeros(5))).not.toEqual(run(addNoise, {}, zeros(5)));
});

test.each([{ amplitude: -1 }, { seed: 0 }, { seed: 1.5 }, { seed: 2 ** 31 - 1 }])("refuses %p", (params) => {
  expect(addNoise.params.safeParse(params).success).toBe(false);
});
