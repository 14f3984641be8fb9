import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { read, write, writeToLog } from "../../operators/format.ts";

describe("a value that an operator emits", () => {
  test("is written as JavaScript prints it", () => {
    expect(write("number", 55.400000000000006, "ewma")).toBe("55.400000000000006");
  });

  test.each([
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [undefined, "undefined"],
    [null, "null"],
    ["7", '"7"'],
    [7n, "7n"],
  ])("is no number when it is %p", (value, text) => {
    const message = `ratio: emitted ${text}; expected a finite number`;
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

describe("lists and objects in one another", () => {
  const lists = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

  test.each([lists, objects])("may be 1000, and are read and written as they came", (nested) => {
    expect(write("json", read("json", nested(1000)))).toBe(nested(1000));
  });

  test.each([1001, 4500, 100_000, 1_000_000])("are too many when they are %p", (depth) => {
    const expected = "expected JSON with at most 1000 lists and objects in one another";
    for (const nested of [lists, objects]) expect(() => read("json", nested(depth))).toThrow(expected);
    const value = JSON.parse(lists(depth));
    expect(() => write("json", value, "wrap")).toThrow(expect.objectContaining({ operator: "wrap" }));
    expect(() => write("json", value, "wrap")).toThrow(expected);
  });

  test("have no end in a value that is a part of itself", () => {
    const round: Record<string, unknown> = {};
    round.round = round;
    expect(() => write("json", round, "loop")).toThrow(
      "loop: emitted a value of type object that JSON cannot write; expected JSON with at most 1000 lists",
    );
  });
});

test("what was written is read as it was, in every format", () => {
  const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)));
  fc.assert(fc.property(json, (value) => expect(read("json", write("json", value))).toEqual(value)));
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => read("text", write("text", text)) === text));
});
