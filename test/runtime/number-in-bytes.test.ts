import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { plainNumber } from "../../runtime/number-in-bytes.ts";
import { anyBytes } from "../kafka/record-batches.ts";

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const within = (text: string) => plainNumber(Buffer.from(`9${text}9`), 1, 1 + Buffer.byteLength(text));

test("a number in bytes is to the last bit what JSON.parse makes of it, or left to that", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const found = plainNumber(bytes, 0, bytes.length);
      if (found !== undefined) expect(found).toBe(parsed(bytes.toString("latin1")));
    }),
    { numRuns: 2000 },
  );
});

test("the usual numbers are not left to it", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e15, max: 1e15, noNaN: true }).filter((x) => !String(x).includes("e")),
      (x) => {
        expect(within(String(x))).toBe(Number(String(x)));
      },
    ),
  );
  expect(["0", "-0", "7", "21.375", "-0.5", "55.400000000000006"].map(within)).toEqual([
    0, -0, 7, 21.375, -0.5, 55.400000000000006,
  ]);
});

test.each(["", "-", "01", "-01", ".5", "5.", "1e5", "+1", " 1", "1 ", "0x1", "1_0", "NaN", "-.5", "1.2.3", "--1"])(
  "%j is none of them",
  (text) => {
    expect(within(text)).toBeUndefined();
  },
);
