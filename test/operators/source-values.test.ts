import { expect, test } from "@jest/globals";
import { sourceValues } from "../../operators/source-values.ts";

test.each([
  ["one value a line", "7\n6\n9\n", [7, 6, 9]],
  ["several a line, as the course writes them", "7 6 9 14\n", [7, 6, 9, 14]],
  ["tabs, empty lines, ends of line of other systems, no last end of line", "7\t6\r\n\n  9  \r\n14", [7, 6, 9, 14]],
  ["numbers as JSON writes them", "-1.5 2e3 0 1E-2", [-1.5, 2000, 0, 0.01]],
  ["nothing", " \n\n", []],
])("%s", (_, text, values) => {
  expect(sourceValues(text)).toEqual({ values, malformed: [] });
});

test("what is no number is told with its location, and the rest still read", () => {
  expect(sourceValues('7 six 9\n\n  08 1 "2" 1e309\r\nnull [3] +4\n')).toEqual({
    values: [7, 9, 1],
    malformed: [
      { line: 1, col: 3, text: "six" },
      { line: 3, col: 3, text: "08" },
      { line: 3, col: 8, text: '"2"' },
      { line: 3, col: 12, text: "1e309" },
      { line: 4, col: 1, text: "null" },
      { line: 4, col: 6, text: "[3]" },
      { line: 4, col: 10, text: "+4" },
    ],
  });
});

test("JSON stands one value a line", () => {
  expect(sourceValues(' {"celsius": 7}\r\n\n[1,\n"a b" \n1e309\nnull', "json")).toEqual({
    values: [{ celsius: 7 }, "a b", null],
    malformed: [
      { line: 3, col: 1, text: "[1," },
      { line: 5, col: 1, text: "1e309" },
    ],
  });
});

test("each line of a text is a value, empty ones too", () => {
  expect(sourceValues("door open\r\n\n  7 \nlast", "text").values).toEqual(["door open", "", "  7 ", "last"]);
  expect(sourceValues("one\n", "text").values).toEqual(["one"]);
});
