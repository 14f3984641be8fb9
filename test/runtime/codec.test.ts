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
    ["a tombstone", null, "found no value (a tombstone), wanted a JSON number"],
    ["nothing", Buffer.from(""), "found an empty value, wanted a JSON number"],
    ["a word", Buffer.from("warm"), 'found "warm", wanted a JSON number'],
    ["text of digits", Buffer.from('"7"'), 'found "\\"7\\"", wanted a JSON number'],
    ["an object", Buffer.from('{"c":7}'), 'found "{\\"c\\":7}", wanted a JSON number'],
    ["null", Buffer.from("null"), 'found "null", wanted a JSON number'],
    ["NaN", Buffer.from("NaN"), 'found "NaN", wanted a JSON number'],
    ["a decimal comma", Buffer.from("7,5"), 'found "7,5", wanted a JSON number'],
    ["invalid UTF-8", Buffer.from([0x37, 0xff]), 'found "7\ufffd", wanted a JSON number'],
    ["too large a number", Buffer.from("1e309"), 'found "1e309", wanted a number that fits a double (at most 1.8e308)'],
    ["a long text", Buffer.from("x".repeat(1000)), `found "${"x".repeat(60)}"... (1000 bytes), wanted a JSON number`],
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
