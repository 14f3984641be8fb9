import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { celsiusToFahrenheit } from "../../operators/celsius-to-fahrenheit.ts";
import { advance, linkOf } from "../../operators/chain.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { deadband } from "../../operators/deadband.ts";
import { dedupe } from "../../operators/dedupe.ts";
import { extractField } from "../../operators/extract-field.ts";
import { extractTimestamp } from "../../operators/extract-timestamp.ts";
import { hoistField } from "../../operators/hoist-field.ts";
import type { Link, Message } from "../../operators/message.ts";
import { jsonOf, originOf } from "../../operators/message-text.ts";
import { filter, fold, map, type Operator, unknown } from "../../operators/operator.ts";
import { round } from "../../operators/round.ts";
import { selectKey } from "../../operators/select-key.ts";
import { threshold } from "../../operators/threshold.ts";
import { timeWindow } from "../../operators/time-window.ts";
import { fieldTexts, jsonTexts } from "./json-texts.ts";

const link = (operator: Operator, params: object = {}, field?: string): Link =>
  linkOf({ operator: "it", params: operator.params.parse(params), ...(field !== undefined && { field }) }, operator);

/** What comes out for JSON texts that come in. */
function messages(chain: readonly Link[], ...texts: readonly string[]): Message[] {
  const state = new ChainState();
  return texts.flatMap((text, i) => {
    const record = { key: null, value: JSON.parse(text), timestampMs: 1000 * i, source: () => text };
    return [...advance(chain, state, record, (message) => message).outputs];
  });
}
const texts = (chain: readonly Link[], ...all: readonly string[]) =>
  messages(chain, ...all).map((each) => jsonOf(each));

const anything = map({ value: unknown(), step: (_, value) => value });
const copied = map({ value: unknown(), step: (_, value) => structuredClone(value) });
const passing = filter({ value: unknown(), step: () => true });
const counting = fold({ value: unknown(), initial: 0, step: (_, n, value) => [n + 1, [value]] });

const PASSING: Readonly<Record<string, Link[]>> = {
  "no operator": [],
  "an own map that gives its value back": [link(anything)],
  "an own map that gives a copy": [link(copied)],
  "an own filter and an own fold": [link(passing), link(counting)],
  "a field that is put on and taken off": [link(hoistField, { field: "x" }), link(extractField, { field: "x" })],
};

test.each(Object.entries(PASSING))("any JSON goes through %s as it came", (_, chain) => {
  fc.assert(fc.property(jsonTexts, (text) => expect(texts(chain, text)).toEqual([text])));
});

const onX = (x: string, chain: readonly Link[], wanted: (fields: readonly string[], at: number) => string) =>
  fc.assert(
    fc.property(fieldTexts, fc.nat(5), (fields, place) => {
      const at = Math.min(place, fields.length);
      const text = `{${fields.toSpliced(at, 0, `"x": ${x} `).join(",")}}`;
      expect(texts(chain, text)).toEqual([wanted(fields, at)]);
    }),
  );
const withX = (x: string) => (fields: readonly string[], at: number) =>
  `{${fields.toSpliced(at, 0, `"x": ${x} `).join(",")}}`;

describe("with one field changed, every other field keeps its bytes:", () => {
  const spread = map({ value: unknown(), step: (_, o) => ({ ...Object(o), x: 7 }) });
  const inPlace = map({ value: unknown(), step: (_, o) => Object.assign(Object(o), { x: 7 }) });
  const inside = map({ value: unknown(), step: (_, x) => ({ ...Object(x), y: 7 }) });

  test("by an operator on the field", () => onX("100.0", [link(celsiusToFahrenheit, {}, "x")], withX("212")));
  test("by two of them", () =>
    onX("99.9", [link(celsiusToFahrenheit, {}, "x"), link(round, {}, "x")], withX(String(Math.round(211.82)))));
  test("by an own operator that makes a new object", () => onX("1", [link(spread)], withX("7")));
  test("by an own operator that changes the object", () => onX("1", [link(inPlace)], withX("7")));
  test("inside of the field", () => onX('{"z":1.0, "y":2.0}', [link(inside, {}, "x")], withX('{"z":1.0, "y":7}')));
});

test("an own operator may take away in place what others worked on before it", () => {
  const without = map({
    value: unknown(),
    step: (_, o) => {
      Reflect.deleteProperty(Object(o), "x");
      return o;
    },
  });
  expect(texts([link(round, {}, "x"), link(without)], '{"x":1.5,"y":1.0}')).toEqual(['{"y":1.0}']);
  expect(texts([link(round, {}, "x"), link(without)], '{"x":1,"y":1.0}')).toEqual(['{"y":1.0}']);
});

test("a filter, a deadband or a dedupe on a field passes the object as it came", () => {
  const text = '{ "id":9007199254740993, "x":20.50 }';
  for (const each of [link(threshold, { above: 0 }, "x"), link(deadband, { by: 1 }, "x")]) {
    expect(messages([each], text).map(originOf)).toEqual(["bytes"]);
  }
  expect(texts([link(dedupe, { within: "1h" }, "id")], text)).toEqual([text]);
  expect(messages([link(selectKey, { field: "id" }), link(extractTimestamp, { field: "x" })], text)).toMatchObject([
    { key: "9007199254740993", timestampMs: 20 },
  ]);
});

test("a part of an object keeps its text, and so does what is put into one", () => {
  const text = ' {"p": { "lat":48.10, "name":"\\u00e9" }, "id":9007199254740993} ';
  expect(texts([link(extractField, { field: "p" })], text)).toEqual(['{ "lat":48.10, "name":"\\u00e9" }']);
  expect(texts([link(extractField, { field: "p.name" })], text)).toEqual(['"\\u00e9"']);
  expect(texts([link(extractField, { field: "id" }), link(threshold, { above: 5 })], text)).toEqual([
    "9007199254740993",
  ]);
  expect(texts([link(hoistField, { field: "a" })], " 1.0\n")).toEqual(['{"a":1.0}']);
  expect(texts([link(extractField, { field: "lat" }, "p")], text)).toEqual([' {"p": 48.10, "id":9007199254740993} ']);
});

test("a part of what JSON cannot write is written all the same", () => {
  const circle = map({
    value: unknown(),
    step: (_, x) => {
      const it: Record<string, unknown> = { x };
      it.it = it;
      return it;
    },
  });
  expect(texts([link(circle), link(extractField, { field: "x" })], "1.0", '{"a":1}')).toEqual(["1", '{"a":1}']);
});

test("what an operator computed is written as JSON.stringify does, also when an earlier record was written so", () => {
  expect(texts([link(celsiusToFahrenheit)], "100.0")).toEqual(["212"]);
  expect(texts([link(timeWindow, { size: "1s", compute: "max" })], "5.0", "5.00")).toEqual(["5"]);
  const remembered = fold({
    value: unknown(),
    initial: null as unknown,
    step: (_, before, value) => [value, [before]],
  });
  expect(texts([link(remembered)], '{"a":1.0}', "2.0")).toEqual(["null", '{"a":1}']);
});

test("two numbers are never one key, and one number is one, however it is written", () => {
  const keys = (...all: string[]) =>
    messages([link(selectKey, { field: "a.id" })], ...all.map((id) => `{"a":{"id":${id}}}`)).map(({ key }) => key);
  expect(keys("9007199254740992", "9007199254740993", "9007199254740993.0")).toEqual([
    "9007199254740992",
    "9007199254740993",
    "9007199254740993",
  ]);
  expect(keys("7", "7.0", "70E-1", "true", '"7"', '"\\u0037"')).toEqual(["7", "7", "7", "true", "7", "7"]);
});

test("dedupe tells long numbers apart by all of their digits, and remembers little of each", () => {
  const long = (end: string) => `1.${"0".repeat(1000)}${end}`;
  const state = new ChainState();
  const passed = [long("1"), long("2"), "1", long("1"), "1.0", long("2")].filter((text) => {
    const record = { key: null, value: JSON.parse(text), timestampMs: 0, source: () => text };
    return advance([link(dedupe, { within: "1h" })], state, record, () => true).outputs.length > 0;
  });
  expect(passed).toEqual([long("1"), long("2"), "1"]);
  expect(JSON.stringify(state.get(0, null)).length).toBeLessThan(200);
});

test("dedupe tells apart what a double does not, also after a restart and behind another operator", () => {
  const ids = ["9007199254740992", "9007199254740993", "9007199254740993.0", "9007199254740992.0", "1", "1.0"];
  const passed = ["9007199254740992", "9007199254740993", "1"];
  expect(texts([link(dedupe, { within: "1h" })], ...ids)).toEqual(passed);
  const objects = ids.map((id) => `{"id":${id}}`);
  expect(texts([link(dedupe, { within: "1h" }, "id")], ...objects)).toEqual(passed.map((id) => `{"id":${id}}`));
  expect(texts([link(extractField, { field: "id" }), link(dedupe, { within: "1h" })], ...objects)).toEqual(passed);
});
