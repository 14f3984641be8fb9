import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { rewritten, spanAt, wholeOf } from "../../operators/json-text.ts";
import { jsonTexts } from "./json-texts.ts";

const rewrite = (text: string, value: unknown) => rewritten(text, wholeOf(text), value);
const at = (text: string, path: string) => {
  const span = spanAt(text, path);
  return span && text.slice(span.start, span.end);
};

test("a value that did not change keeps its text", () => {
  fc.assert(fc.property(jsonTexts, (text) => expect(rewrite(text, JSON.parse(text))).toBe(text)));
});

test("whatever became of a value, its text says so", () => {
  fc.assert(
    fc.property(jsonTexts, jsonTexts, (text, other) => {
      const value = JSON.parse(other);
      expect(JSON.stringify(JSON.parse(rewrite(text, value)))).toBe(JSON.stringify(value));
    }),
    { numRuns: 500 },
  );
});

test.each<[why: string, text: string, value: unknown, wanted: string]>([
  ["a field of another value", '{ "a" : 1.0, "b":2 }', { a: 1, b: 3 }, '{ "a" : 1.0, "b":3 }'],
  ["a new field", '{"a":1.0 }', { a: 1, b: [3] }, '{"a":1.0,"b":[3] }'],
  ["the first field of an object", "{ }", { b: 3 }, '{"b":3 }'],
  ["a field less", '{ "a":1.0, "b":2, "c":3E0 }', { a: 1, c: 3 }, '{ "a":1.0, "c":3E0 }'],
  ["the first field less", '{ "a":1.0, "b":2 , "c":3E0 }', { b: 2, c: 3 }, '{ "b":2 , "c":3E0 }'],
  ["no field left", '{"a":1.0}', {}, "{}"],
  ["one less and one more", '{"a":1.0,"b":2.0}', { b: 2, c: 1 }, '{"b":2.0,"c":1}'],
  ["another order", '{"a":1.0, "b":2.0}', { b: 2, a: 1 }, '{"b":2.0,"a":1.0}'],
  ["names that JavaScript puts first", '{"b":1.0,"1":2.0}', { 1: 2, b: 3 }, '{"b":3,"1":2.0}'],
  ["a name that is there twice", '{"a":1.0,"b":2,"a":3.0}', { a: 3, b: 4 }, '{"a":1.0,"b":4,"a":3.0}'],
  ["the last of two is read, and replaced", '{"a":1.0,"a":3.0}', { a: 4 }, '{"a":1.0,"a":4}'],
  ["both of two go", '{"a":1.0,"b":2.0,"a":3}', { b: 2 }, '{"b":2.0}'],
  ["a field inside", '{"a":{"b":1.0,"c":2}}', { a: { b: 1, c: 3 } }, '{"a":{"b":1.0,"c":3}}'],
  ["an item of another value", "[1.0, 2, 3.0]", [1, 5, 3], "[1.0, 5, 3.0]"],
  ["a new item", "[1.0]", [1, 2], "[1.0,2]"],
  ["an item less", "[1.0, 2.0]", [1], "[1.0]"],
  ["a hole in a list", "[1]", [undefined, 1], "[null,1]"],
  ["a text that looks the same with its quotes", '["a","b"]', ['a","b'], '["a\\",\\"b"]'],
  ["a text that has an escape's letters", '"a\\b"', "a\\b", '"a\\\\b"'],
  ["a kind of value for another", '{"a":[1.0]}', { a: { 0: 1 } }, '{"a":{"0":1}}'],
  ["zero without its sign", "-0", 0, "0"],
  ["text for a number", "5.0", "5.0", '"5.0"'],
])("%s", (_, text, value, wanted) => {
  expect(rewrite(text, value)).toBe(wanted);
});

test("a deep nesting exhausts nothing", () => {
  const deep = `${'{"a":['.repeat(2000)}1.0${"]}".repeat(2000)}`;
  expect(rewrite(deep, JSON.parse(deep))).toBe(deep);
  const deeper = `{"x":1,"a":${"[".repeat(200_000)}${"]".repeat(200_000)},"x ":1}`;
  expect(at(deeper, "x ")).toBe("1");
});

describe("the place of a field", () => {
  test.each([
    ["a", '{"a":1.0}', "1.0"],
    ["a.b", '{"b":1,"a":{"b": 2.0 }}', "2.0"],
    ["a.1", '{"a":[1, 2.0]}', "2.0"],
    ["1", '["1", 2.0]', "2.0"],
    ["a", '{"c":{"a":1},"a":2.0}', "2.0"],
    ["a", '{"a":1,"a":2.0}', "2.0"],
    ["a", '{"b":"a","a":2.0}', "2.0"],
    ["a", '{"b":"\\"a\\":1","\\u0061":2.0}', "2.0"],
    ["__proto__", '{"__proto__":2.0}', "2.0"],
    ["b.c", '\ufeff {"a":"c","b":{"c":{"d":[1]}}}', '{"d":[1]}'],
    ["c", '{"a":1}', undefined],
  ])("%s in %s", (path, text, found) => {
    expect(at(text, path)).toBe(found);
  });
});
