import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { IncomingRecord } from "../../kafka/kafka.ts";
import type { Branch } from "../../operators/branch.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { ewma } from "../../operators/ewma.ts";
import type { Format } from "../../operators/format.ts";
import type { Link } from "../../operators/message.ts";
import { filter, flatMap, fold, forward, map, number, string, unknown } from "../../operators/operator.ts";
import { threshold } from "../../operators/threshold.ts";
import { type BatchFormats, processBatch } from "../../runtime/process-batch.ts";
import { StateStoreError } from "../../runtime/state-store.ts";
import { BROKEN, link } from "./links.ts";

const records = (...values: (string | null)[]): IncomingRecord[] =>
  values.map((value, i) => ({
    offset: BigInt(i),
    timestamp: String(1000 + i),
    key: null,
    value: value === null ? null : Buffer.from(value),
    headers: {},
  }));

function run(chain: readonly Link[], values: (string | null)[], withStages = false) {
  const start = new ChainState();
  const { outputs, paths, poison, state } = processBatch(chain, start, records(...values), {
    ...numbers,
    stages: withStages,
  });
  return {
    state: chain.map((_, index) => state.get(index, null)),
    paths,
    outputs: outputs.map(({ timestamp, value }) => `${Number(timestamp) - 1000}: ${value}`),
    poison: poison.map(({ record, error }) => `${record.offset}: ${error.operator}: ${error.message}`),
  };
}

const numbers = { input: "number", output: { kind: "topics", branches: [{ topic: "out" }] }, stages: false } as const;

const reciprocal = link("reciprocal", map({ value: number(), step: (_, x) => 1 / x }));
const picky = link(
  "picky",
  map({
    value: number(),
    step: (_, x) => {
      if (x === 13) throw new Error("13 brings bad luck");
      return x;
    },
  }),
);
const sum = link("sum", fold({ value: number(), initial: 0, step: (_, state, x) => [state + x, [state + x]] }));
const twice = link("twice", flatMap({ value: number(), step: (_, x) => [x, x] }));

describe("a batch", () => {
  test("goes through the chain in order, with the state carried along", () => {
    const chain = [link("threshold", threshold, { above: 50 }), link("ewma", ewma, { alpha: 0.5 })];
    expect(run(chain, ["57.2", "48.2", "53.6", "62.6"])).toEqual({
      state: [undefined, 59],
      outputs: ["2: 55.400000000000006", "3: 59"],
      paths: [],
      poison: [],
    });
  });

  test("without operators passes its values on as they are", () => {
    expect(run([], ["1.50", "2"]).outputs).toEqual(["0: 1.50", "1: 2"]);
  });

  test("gives all stages of each record when asked", () => {
    expect(run([sum, twice], ["1", "2"], true).paths).toEqual([
      ["1", "1", "1"],
      ["1", "1", "1"],
      ["2", "3", "3"],
      ["2", "3", "3"],
    ]);
  });

  test.each([
    ["that is not a number", "warm", 'undefined: expected a JSON number, found "warm"'],
    ["without a value", null, "undefined: expected a JSON number, found no value (a tombstone)"],
    ["that an operator throws on", "13", "picky: picky: 13 brings bad luck"],
    ["that comes out as no number", "0", "reciprocal: reciprocal: emitted Infinity; expected a finite number"],
  ])("goes on after a record %s", (_, value, cause) => {
    const result = run([picky, reciprocal], ["1", value, "2"]);
    expect(result).toMatchObject({ outputs: ["0: 1", "2: 0.5"], poison: [`1: ${cause}`] });
  });

  test("keeps the state from before a record that is refused at the end of the chain", () => {
    expect(run([sum, reciprocal], ["2", "-2", "3"])).toMatchObject({
      state: [5, undefined],
      outputs: ["0: 0.5", "2: 0.2"],
      poison: ["1: reciprocal: reciprocal: emitted Infinity; expected a finite number"],
    });
  });

  test("refuses the record, not the service, when an operator changes its state in place", () => {
    const impure = fold({
      value: number(),
      initial: [] as number[],
      step: (_, window, x) => {
        window.push(x);
        return [window, []];
      },
    });
    expect(run([link("window", impure)], ["1"]).poison).toHaveLength(1);
  });

  test("gives the same whether it comes at once or in pieces, with poison anywhere", () => {
    const values = fc.array(fc.oneof(fc.double({ min: -100, max: 100, noNaN: true }).map(String), fc.constant("x")));
    fc.assert(
      fc.property(values, fc.nat(), (all, cut) => {
        const chain = [link("threshold", threshold, { above: -50 }), link("ewma", ewma, { alpha: 0.3 }), sum];
        const whole = processBatch(chain, new ChainState(), records(...all), numbers);
        const at = all.length === 0 ? 0 : cut % all.length;
        const first = processBatch(chain, new ChainState(), records(...all).slice(0, at), numbers);
        const second = processBatch(chain, first.state, records(...all).slice(at), numbers);
        const entries = (state: ChainState) => chain.map((_, index) => state.get(index, null));
        expect(entries(second.state)).toEqual(entries(whole.state));
        expect([...first.outputs, ...second.outputs]).toEqual(whole.outputs);
        expect([...first.poison, ...second.poison]).toEqual(whole.poison);
      }),
    );
  });

  test.each(Object.entries(BROKEN))("makes a dead letter of the one record on which an operator %s", (_, chain) => {
    const found = run(chain, ["1", "13", "2"]);
    expect(found.poison).toEqual([expect.stringMatching(/^1: (broken|sum): (broken|sum): /)]);
    expect(found).toMatchObject({ ...run(chain, ["1", "2"]), outputs: ["0: 1", "2: 2"], poison: expect.anything() });
  });

  test("makes a dead letter of the one record for whose key an operator cannot begin, or whose filter throws", () => {
    const fails = () => {
      throw new Error("no beginning");
    };
    const state = fold({ value: number(), initial: fails as () => number, step: (_, s, x) => [s, [x]] });
    expect(run([sum, link("state", state)], ["1"])).toEqual({
      state: [undefined, undefined],
      outputs: [],
      paths: [],
      poison: ["0: state: state: no beginning"],
    });
    const branches = [{ topic: "out", when: link("when", filter({ value: number(), step: fails })) }];
    const formats = { ...numbers, output: { kind: "topics", branches } } as const;
    const { outputs, poison } = processBatch([sum], new ChainState(), records("1"), formats);
    expect([outputs.length, poison.map(({ error }) => error.message)]).toEqual([0, ["when: no beginning"]]);
  });

  test("makes a dead letter of a record whose state in the changelog is broken, and of no other", () => {
    const before = new ChainState();
    const broken = {
      get: (index: number, key: string | null) => {
        if (key === "roof") throw new Error("changelog: expected JSON under key 0/0/sum/roof");
        return before.get(index, key);
      },
      set: () => {},
      fork: () => new ChainState(broken),
    };
    const keyed = records("1", "2").map((record, i) => ({ ...record, key: Buffer.from(i === 0 ? "roof" : "cellar") }));
    const { outputs, poison } = processBatch([sum], broken, keyed, numbers);
    expect(outputs.map(({ value }) => value)).toEqual(["2"]);
    expect(poison.map(({ error }) => error.message)).toEqual(["changelog: expected JSON under key 0/0/sum/roof"]);
  });

  test("refuses nothing when the state store fails: that is not the record's fault", () => {
    const failing = {
      get: () => {
        throw new StateStoreError("disk I/O error");
      },
      set: () => {},
      fork: () => new ChainState(failing),
    };
    expect(() => processBatch([sum], failing, records("1"), numbers)).toThrow("disk I/O error");
  });

  test("keeps what an operator made of a record although nobody can write what it forwarded beside it", () => {
    const round: { self?: unknown } = {};
    round.self = round;
    const both = fold({ value: number(), initial: 0, step: (_, s, x) => [s + x, [forward(round, {}), x]] });
    const { outputs, poison, state } = processBatch([link("both", both)], new ChainState(), records("1", "2"), numbers);
    expect(outputs.map(({ value }) => value)).toEqual(["1", "2"]);
    expect(poison).toHaveLength(2);
    expect(poison[0]?.record.value?.toString()).toBe("a value of type object that JSON cannot write");
    expect(state.get(0, null)).toBe(3);
  });

  test("changes nothing in the state that it was given until it is committed", () => {
    const before = new ChainState();
    const { state } = processBatch([sum], before, records("1", "2"), numbers);
    expect(before.get(0, null)).toBeUndefined();
    state.commit();
    expect(before.get(0, null)).toBe(3);
  });

  test("keeps a state for each key, and sends on the key's own bytes", () => {
    const keyed = records("1", "2", "4", "8").map((record, i) => ({ ...record, key: Buffer.from(i % 2 ? "a" : "b") }));
    const { outputs } = processBatch([sum], new ChainState(), keyed, numbers);
    expect(outputs.map(({ key, value }) => [key, value])).toEqual([
      [keyed[0]?.key, "1"],
      [keyed[1]?.key, "2"],
      [keyed[2]?.key, "5"],
      [keyed[3]?.key, "10"],
    ]);
  });

  test("refuses a key that is no text, and a time that is none", () => {
    const [first, second, third] = records("1", "2", "3");
    if (!first || !second || !third) throw new Error("three records");
    const strange = [{ ...first, key: Buffer.from([0xff]) }, { ...second, timestamp: "-1" }, third];
    const { outputs, poison } = processBatch([sum], new ChainState(), strange, numbers);
    expect(outputs.map(({ value }) => value)).toEqual(["3"]);
    expect(poison.map(({ error }) => error.message)).toEqual([
      'expected a key of text in UTF-8, found "\ufffd"',
      "expected a timestamp in milliseconds since 1970, at most 8640000000000000, found -1",
    ]);
  });

  test("refuses only what an operator forwarded as a record of its own", () => {
    const both = link(
      "both",
      fold({ value: number(), initial: 0, step: (_, s, x) => [s, [forward(0, { timestampMs: 5 }), x]] }),
    );
    const { outputs, poison } = processBatch([both, reciprocal], new ChainState(), records("2"), numbers);
    expect(outputs).toMatchObject([{ value: "0.5", timestamp: "1000" }]);
    expect(poison).toMatchObject([{ record: { offset: 0n }, error: { operator: "reciprocal" } }]);
  });

  test("reads and writes numbers, JSON and text as it is told", () => {
    const formatted = (input: Format, output: Format | "log", value: string, chain: readonly Link[] = []) => {
      const end: BatchFormats["output"] =
        output === "log" ? { kind: "log" } : { kind: "topics", branches: [{ topic: "out", format: output }] };
      const formats = { input, output: end, stages: false };
      const { outputs, poison } = processBatch(chain, new ChainState(), records(value), formats);
      return outputs[0]?.value ?? poison[0]?.error.message;
    };
    const length = link("length", map({ value: string(), step: (_, text) => text.length }));
    expect(formatted("json", "json", ' {"celsius": [7, null]} ')).toBe(' {"celsius": [7, null]} ');
    expect(formatted("text", "text", " 7\u00b0 \n")).toBe(" 7\u00b0 \n");
    expect(formatted("text", "text", "")).toBe("");
    expect(formatted("text", "number", "warm", [length])).toBe("4");
    expect(formatted("text", "log", "warm")).toBe("warm");
    expect(formatted("json", "log", '{"a":"warm"}')).toBe('{"a":"warm"}');
    expect(formatted("json", "json", "{'a':1}")).toBe(`expected JSON, found "{'a':1}"`);
    expect(formatted("json", "json", '{"a":1e309}')).toBe(
      'expected numbers that fit a double (at most 1.8e308), found "{\\"a\\":1e309}"',
    );
    expect(formatted("json", "number", '{"a":1}', [link("same", map({ value: unknown(), step: (_, x) => x }))])).toBe(
      'same: emitted {"a":1}; expected a finite number',
    );
  });

  test("goes value by value to the first branch whose filter keeps it, or nowhere; what a filter refuses is poison", () => {
    const above = (bound: number) => link("threshold", threshold, { above: bound });
    const branches = [
      { topic: "hot", when: above(30) },
      { topic: "warm", when: above(20) },
      { topic: "rest", format: "json" },
    ] as const;
    const sentTo = (some: readonly Branch[]) => {
      const formats = { input: "json", output: { kind: "topics", branches: some }, stages: false } as const;
      const { outputs, poison } = processBatch([], new ChainState(), records("25", "35", "5", '"x"'), formats);
      expect(poison.map(({ error }) => error.message)).toEqual(['threshold: expected a number, found "x"']);
      return outputs.map(({ topic, value }) => [topic, value]);
    };
    expect(sentTo(branches)).toEqual([
      ["warm", "25"],
      ["hot", "35"],
      ["rest", "5"],
    ]);
    expect(sentTo(branches.slice(0, 2))).toEqual([
      ["warm", "25"],
      ["hot", "35"],
    ]);
  });
});
