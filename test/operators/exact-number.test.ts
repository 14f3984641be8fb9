import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { exactNumber } from "../../operators/exact-number.ts";
import { numberTexts } from "./json-texts.ts";

test.each([
  ["1", "1"],
  ["1.0", "1"],
  ["10e-1", "1"],
  ["-0", "0"],
  ["0E7", "0"],
  ["7.50", "7.5"],
  ["1E21", "1e+21"],
  ["0.0000001", "1e-7"],
  ["9007199254740992", "9007199254740992"],
  ["9007199254740993", "9007199254740993"],
  ["9007199254740993.0", "9007199254740993"],
  ["9007199254740993000e-3", "9007199254740993"],
  ["-12345678901234567890123", "-12345678901234567890123"],
  ["0.1000000000000000055", "1000000000000000055e-19"],
  ["1e-400", "1e-400"],
  ["10e-401", "1e-400"],
])("%s is %s", (text, wanted) => {
  expect(exactNumber(text)).toBe(wanted);
});

/** A number as a fraction, without a double. */
function fractionOf(text: string): [bigint, bigint] {
  const [, sign, whole = "", fraction = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(text) ?? [];
  const shift = BigInt(power) - BigInt(fraction.length);
  const digits = BigInt(`${whole}${fraction}`) * (sign ? -1n : 1n);
  return shift < 0n ? [digits, 10n ** -shift] : [digits * 10n ** shift, 1n];
}

test("equal numbers have one text, others two, and what a double holds has that of JSON.stringify", () => {
  const areEqual = (a: string, b: string) => {
    const [[p, q], [r, s]] = [fractionOf(a), fractionOf(b)];
    return p * s === r * q;
  };
  fc.assert(
    fc.property(numberTexts, numberTexts, (a, b) => {
      expect(exactNumber(a) === exactNumber(b)).toBe(areEqual(a, b));
      expect(areEqual(exactNumber(a), a)).toBe(true);
      const double = JSON.stringify(Number(a));
      expect(exactNumber(a) === double).toBe(areEqual(a, double));
    }),
  );
});
