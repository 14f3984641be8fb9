import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { write } from "../../operators/format.ts";
import { decodeValue } from "../../runtime/codec.ts";

describe("a value read from a topic", () => {
  test.each([
    ["7", 7],
    [" 57.2\r\n", 57.2],
    ["-1e3", -1000],
    ["\ufeff7", 7], // with a byte order mark, as some editors and shells write it
  ])("%j is %d", (text, value) => {
    expect(decodeValue(Buffer.from(text), "number")).toBe(value);
  });

  test.each([
    ["a tombstone", null, "expected a JSON number, found no value (a tombstone)"],
    ["nothing", Buffer.from(""), "expected a JSON number, found an empty value"],
    ["a word", Buffer.from("warm"), 'expected a JSON number, found "warm"'],
    ["text of digits", Buffer.from('"7"'), 'expected a JSON number, found "\\"7\\""'],
    ["an object", Buffer.from('{"c":7}'), 'expected a JSON number, found "{\\"c\\":7}"'],
    ["null", Buffer.from("null"), 'expected a JSON number, found "null"'],
    ["NaN", Buffer.from("NaN"), 'expected a JSON number, found "NaN"'],
    ["a decimal comma", Buffer.from("7,5"), 'expected a JSON number, found "7,5"'],
    ["invalid UTF-8", Buffer.from([0x37, 0xff]), 'expected a JSON number, found "7\ufffd"'],
    [
      "too large a number",
      Buffer.from("1e309"),
      'expected a number that fits a double (at most 1.8e308), found "1e309"',
    ],
    ["a long text", Buffer.from("x".repeat(1000)), `expected a JSON number, found "${"x".repeat(60)}"... (1000 bytes)`],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => decodeValue(bytes, "number")).toThrow(expect.objectContaining({ message }));
  });

  test("is what was written, for every finite number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(decodeValue(Buffer.from(write("number", value)), "number")).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});
