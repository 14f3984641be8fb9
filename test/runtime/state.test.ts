import { describe, expect, test } from "@jest/globals";
import type { Link } from "../../operators/chain.ts";
import { fold, map, number } from "../../operators/operator.ts";
import { keepable, restoreState, stateChanges, stateKey, unusedKeys } from "../../runtime/state.ts";

const sum = fold({ value: number(), initial: 0, step: (_, state, x) => [state + x, [state + x]] });
const double = map({ value: number(), step: (_, x) => 2 * x });
const chain = [
  { name: "double", operator: double, params: {} },
  { name: "sum", operator: sum, params: {} },
] as unknown as Link[];

describe("the changelog of a chain", () => {
  test("names partition, place in the chain, and operator", () => {
    expect(stateKey(3, 1, "sum")).toBe("3/1/sum");
  });

  test("holds what changed, of operators that keep state", () => {
    expect(stateChanges(chain, 3, [null, 5], [null, 7])).toEqual([{ key: "3/1/sum", value: "7" }]);
    expect(stateChanges(chain, 3, [null, 7], [null, 7])).toEqual([]);
  });

  test("gives the state back, and the initial state where it has none", () => {
    expect(restoreState(chain, 3, new Map([["3/1/sum", "7"]]))).toEqual([null, 7]);
    expect(restoreState(chain, 3, new Map())).toEqual([null, 0]);
  });

  test.each([
    ["another partition", "2/1/sum"],
    ["another place in the chain", "3/0/sum"],
    ["another operator", "3/1/mean"],
  ])("does not give the state of %s", (_, key) => {
    expect(restoreState(chain, 3, new Map([[key, "7"]]))).toEqual([null, 0]);
  });

  test("says what is wrong when somebody else has written to it", () => {
    expect(() => restoreState(chain, 3, new Map([["3/1/sum", "seven"]]))).toThrow(
      'changelog: found "seven" under key 3/1/sum, wanted JSON; write a tombstone for the key to start with no state',
    );
  });

  test("knows which of the partition's entries nobody uses any more", () => {
    const changelog = new Map(["3/1/sum", "3/0/mean", "3/source", "3/old", "13/0/mean"].map((key) => [key, "1"]));
    expect(unusedKeys(chain, 3, changelog, "3/source")).toEqual(["3/0/mean", "3/old"]);
  });
});

describe("a state", () => {
  test.each([
    ["NaN", Number.NaN, "NaN"],
    ["infinity, however deep", { window: [1, Number.POSITIVE_INFINITY] }, "Infinity"],
    ["undefined", [undefined], "undefined"],
    ["a Map", new Map(), "a Map"],
    ["a Date", new Date(0), "a Date"],
    ["a bigint", 1n, "1"],
  ])("with %s is refused, as JSON would not bring it back", (_, state, name) => {
    expect(() => keepable(state, "mean")).toThrow(
      expect.objectContaining({ operator: "mean", message: `mean: its state holds ${name}, which JSON cannot keep` }),
    );
  });

  test("cannot be changed in place", () => {
    const state = keepable({ window: [1, 2] }, "mean") as { window: number[] };
    expect(() => state.window.push(3)).toThrow(TypeError);
  });
});
