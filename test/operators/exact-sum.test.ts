import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { plusAll, rounded, times } from "../../operators/exact-sum.ts";

// Multiples of 2^-210 below 2^30 in size: whole numbers of BigInt once scaled, so that sums can be told exactly.
const SCALE = 2 ** 210;
const doubles = fc
  .double({ min: -1e9, max: 1e9, noNaN: true })
  .map((x) => (Math.abs(x) < 1e-30 ? 0 : x))
  .chain((x) => fc.constantFrom(x, -x, x * 2 ** -40));
const many = fc.array(doubles, { maxLength: 40 });
const scaled = (x: number) => BigInt(x * SCALE);
const exactly = (xs: readonly number[]) => xs.reduce((sum, x) => sum + scaled(x), 0n);

test("is the double nearest to the true sum, whatever cancels", () => {
  fc.assert(fc.property(many, (xs) => rounded(plusAll([], xs)) === Number(exactly(xs)) / SCALE));
  expect(rounded(plusAll([], [1e16, 1, -1e16]))).toBe(1);
  expect(
    rounded(
      plusAll(
        [],
        Array.from({ length: 10 }, () => 0.1),
      ),
    ),
  ).toBe(1);
  // A half of the last place goes to the even neighbour, but a little more than a half goes up.
  expect(rounded(plusAll([], [2 ** 53, 1]))).toBe(2 ** 53);
  expect(rounded(plusAll([], [2 ** 53, 1, 2 ** -60]))).toBe(2 ** 53 + 2);
});

test("does not depend on the order, nor on what was summed with what first", () => {
  fc.assert(
    fc.property(many, many, fc.nat(), (xs, ys, turn) => {
      const turned = [...xs.slice(turn % (xs.length + 1)), ...xs.slice(0, turn % (xs.length + 1))];
      const apart = plusAll(plusAll([], ys), plusAll([], turned));
      expect(rounded(apart)).toBe(rounded(plusAll([], [...xs, ...ys])));
    }),
  );
});

test("multiplies exactly", () => {
  fc.assert(
    fc.property(fc.array(doubles, { maxLength: 6 }), fc.array(doubles, { maxLength: 6 }), (xs, ys) => {
      const product = times(plusAll([], xs), plusAll([], ys));
      expect(rounded(product)).toBe(Number(exactly(xs) * exactly(ys)) / SCALE / SCALE);
    }),
  );
});

test("says so when it outgrows a double", () => {
  expect(() => plusAll([1.7e308], [1.7e308])).toThrow("the sum is more than a double holds");
});
