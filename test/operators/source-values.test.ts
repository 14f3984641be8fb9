import { expect, test } from "@jest/globals";
import type { Format } from "../../operators/format.ts";
import { describeForeign, foreignByte, sourceValues as valuesOf } from "../../operators/source-values.ts";

const sourceValues = (text: string, format?: Format) => valuesOf(Buffer.from(text), format);

function valuesIn(text: string, format?: Format) {
  const { values, malformed } = sourceValues(text, format);
  return { values: values.map(({ value }) => value), malformed };
}

test.each([
  ["one value a line", "7\n6\n9\n", [7, 6, 9]],
  ["several a line, as the course writes them", "7 6 9 14\n", [7, 6, 9, 14]],
  ["tabs, empty lines, ends of line of other systems, no last end of line", "7\t6\r\n\n  9  \r\n14", [7, 6, 9, 14]],
  ["numbers as JSON writes them", "-1.5 2e3 0 1E-2", [-1.5, 2000, 0, 0.01]],
  ["nothing", " \n\n", []],
])("%s", (_, text, values) => {
  expect(valuesIn(text)).toEqual({ values, malformed: [] });
});

test("what is no number is told with its location, and the rest still read", () => {
  expect(valuesIn('7 six 9\n\n  08 1 "2" 1e309\r\nnull [3] +4\n')).toEqual({
    values: [7, 9, 1],
    malformed: [
      { line: 1, col: 3, text: "six" },
      { line: 3, col: 3, text: "08" },
      { line: 3, col: 8, text: '"2"' },
      { line: 3, col: 12, text: "1e309", limit: "expected a number that fits a double (at most 1.8e308)" },
      { line: 4, col: 1, text: "null" },
      { line: 4, col: 6, text: "[3]" },
      { line: 4, col: 10, text: "+4" },
    ],
  });
});

test("JSON stands one value a line", () => {
  expect(valuesIn(' {"celsius": 7}\r\n\n[1,\n"a b" \n1e309\nnull', "json")).toEqual({
    values: [{ celsius: 7 }, "a b", null],
    malformed: [
      { line: 3, col: 1, text: "[1," },
      { line: 5, col: 1, text: "1e309", limit: "expected numbers that fit a double (at most 1.8e308)" },
    ],
  });
});

test("each line of a text is a value, empty ones too", () => {
  expect(valuesIn("door open\r\n\n  7 \nlast", "text").values).toEqual(["door open", "", "  7 ", "last"]);
  expect(valuesIn("one\n", "text").values).toEqual(["one"]);
});

test("a value has the text that it was read from", () => {
  expect(sourceValues("9007199254740993 1.0\t1E2").values.map(({ text }) => text)).toEqual([
    "9007199254740993",
    "1.0",
    "1E2",
  ]);
  expect(sourceValues(' {"t": 1.50} \r\n', "json").values.map(({ text }) => text)).toEqual(['{"t": 1.50}']);
});

test.each([
  ["number", "\ufeff20.5\r\n\r\n21\r\n", [20.5, 21]],
  ["json", '\ufeff{"t":1}\r\n{"t":2}\r\n', [{ t: 1 }, { t: 2 }]],
  ["text", "\ufeffdoor open\r\n\ufeff\r\n", ["door open", "\ufeff"]],
  ["number", "20.5\r21.5\r22\r", [20.5, 21.5, 22]],
  ["json", '{"t":1}\r{"t":2}\r', [{ t: 1 }, { t: 2 }]],
  ["text", "20.5\r21.5\r22\r", ["20.5\r21.5\r22"]],
  ["number", "20\u00a021\u202822", [20, 21, 22]],
  ["json", '"a\u2028b"', ["a\u2028b"]],
] as const)("as %s, %j", (format, text, values) => {
  expect(valuesIn(text, format)).toEqual({ values, malformed: [] });
});

test("where a value is malformed, characters count and a byte order mark does not", () => {
  expect(sourceValues("\ufeffsix\n\u00a0\u00a0seven", "number").malformed).toEqual([
    { line: 1, col: 1, text: "six" },
    { line: 2, col: 3, text: "seven" },
  ]);
});

const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();

test.each([
  ["Latin-1", Buffer.from("21.5 \u00b0C\nZ\u00fcrich\n", "latin1"), "byte 0xb0 in line 1, at byte offset 5", "latin1"],
  [
    "Latin-1 behind UTF-8",
    Buffer.from("\u00c3\u00bc\na\xfc", "latin1"),
    "byte 0xfc in line 2, at byte offset 4",
    "latin1",
  ],
  ["a character that is cut off", Buffer.from([0x0a, 0xe2, 0x82]), "byte 0xe2 in line 2, at byte offset 1", "latin1"],
  ["UTF-16", Buffer.from("\ufeff20\n", "utf16le"), "UTF-16LE (its byte order mark says so)", "UTF-16LE"],
  ["UTF-16 the other way", utf16be("\ufeff20\n"), "UTF-16BE (its byte order mark says so)", "UTF-16BE"],
  ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x32, 0, 0, 0]), "UTF-32LE (its byte order mark says so)", "UTF-32LE"],
  ["UTF-16 without a mark", Buffer.from("20\n", "utf16le"), "byte 0x00 in line 1, at byte offset 1", "UTF-16LE"],
  ["the same the other way", utf16be("20\n"), "byte 0x00 in line 1, at byte offset 0", "UTF-16BE"],
])("%s is no text in UTF-8", (_, content, found, likely) => {
  const foreign = foreignByte(content);
  expect([foreign && describeForeign(foreign), foreign?.likely]).toEqual([found, likely]);
  for (const format of ["number", "json", "text"] as const)
    expect(() => valuesOf(content, format)).toThrow(`expected text in UTF-8, found ${found}`);
});
