import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ewma } from "../../operators/ewma.ts";
import { run } from "../../operators/run.ts";

const alphas = fc.double({ min: 0, max: 1, minExcluded: true, noNaN: true });
const streams = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });

/** The sum written out: (1-a)^n * x0 + sum of a * (1-a)^(n-i) * xi. */
function writtenOut(alpha: number, values: readonly number[]): number {
  const n = values.length - 1;
  return values.reduce((sum, x, i) => sum + (i === 0 ? 1 : alpha) * (1 - alpha) ** (n - i) * x, 0);
}

test("is the weighted sum of everything so far", () => {
  fc.assert(
    fc.property(alphas, streams, (alpha, values) => {
      const outputs = run(ewma, { alpha }, values);
      expect(outputs).toHaveLength(values.length - 1);
      for (const [i, output] of outputs.entries()) {
        expect(Math.abs((output as number) - writtenOut(alpha, values.slice(0, i + 2)))).toBeLessThan(1e-6);
      }
    }),
  );
});

test.each([0, -0.1, 1.5, Number.NaN, "0.5", null])("refuses alpha %p", (alpha) => {
  expect(ewma.params.safeParse({ alpha }).success).toBe(false);
});
