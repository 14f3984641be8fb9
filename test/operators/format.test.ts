import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { read, write, writeToLog } from "../../operators/format.ts";

describe("a value that an operator emits", () => {
  test("is written as JavaScript prints it", () => {
    expect(write("number", 55.400000000000006, "ewma")).toBe("55.400000000000006");
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, null, "7"])("is no number when it is %p", (value) => {
    const message = `ratio: emitted ${String(value)}; expected a finite number`;
    expect(() => write("number", value, "ratio")).toThrow(expect.objectContaining({ operator: "ratio", message }));
  });

  test.each([[[Number.NaN]], [{ at: new Date(0) }], [{ of: undefined }], [new Map()], [() => 0]])(
    "is no JSON when it is %p",
    (value) => {
      expect(() => write("json", value, "odd")).toThrow(/^odd: emitted .*; expected JSON: null, true/);
    },
  );

  test("is no text when it is a number; a log takes both, text as it is", () => {
    expect(() => write("text", 7, "odd")).toThrow("odd: emitted 7; expected text");
    expect([writeToLog(7), writeToLog("7"), writeToLog(["7"])]).toEqual(["7", "7", '["7"]']);
  });
});

test("what was written is read as it was, in every format", () => {
  const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)));
  fc.assert(fc.property(json, (value) => expect(read("json", write("json", value))).toEqual(value)));
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => read("text", write("text", text)) === text));
});
