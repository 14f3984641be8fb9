import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { maxJsonBytes } from "../../operators/max-json-bytes.ts";

test("no value takes more as JSON", () => {
  const values = fc.anything({
    key: fc.string({ unit: "binary" }),
    values: [fc.string({ unit: "binary" }), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null)],
    maxDepth: 4,
  });
  fc.assert(
    fc.property(
      fc.oneof(values, fc.constantFrom("\u0000\u001f", "\ud800", -Number.MIN_VALUE, -1.2345678901234567e-308)),
      (value) => {
        expect(maxJsonBytes(value)).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(value)));
      },
    ),
    { numRuns: 1000 },
  );
});
