import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { movingAverage } from "../../operators/moving-average.ts";
import { run } from "../../operators/run.ts";

const windows = fc.integer({ min: 1, max: 12 });

test("is the mean of every window, exactly, where sums are exact", () => {
  const integers = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { maxLength: 60 });
  fc.assert(
    fc.property(windows, integers, (over, values) => {
      const means = values
        .map((_, end) => values.slice(end + 1 - over, end + 1))
        .slice(over - 1)
        .map((window) => Number(window.reduce((sum, x) => sum + BigInt(x), 0n)) / over);
      expect(run(movingAverage, { over }, values)).toEqual(means);
    }),
  );
});

test("stays between the least and the greatest of its window", () => {
  const doubles = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 60 });
  fc.assert(
    fc.property(windows, doubles, (over, values) => {
      const outputs = run(movingAverage, { over }, values) as number[];
      expect(outputs).toHaveLength(Math.max(0, values.length - over + 1));
      for (const [i, output] of outputs.entries()) {
        const window = values.slice(i, i + over);
        expect(output).toBeGreaterThanOrEqual(Math.min(...window) - 1e-9);
        expect(output).toBeLessThanOrEqual(Math.max(...window) + 1e-9);
      }
    }),
  );
});

test.each([0, -1, 2.5, "3", null, 1001, 86_400, 1e12])("refuses a window of %p", (over) => {
  expect(movingAverage.params.safeParse({ over }).success).toBe(false);
});
