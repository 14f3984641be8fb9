import { describe, expect, test } from "@jest/globals";
import type { Link } from "../../operators/chain.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { fold, map, number } from "../../operators/operator.ts";
import { restoreState, stateChanges, stateKey, unusedKeys } from "../../runtime/state.ts";

const sum = fold({ value: number(), initial: 0, step: (_, state, x) => [state + x, [state + x]] });
const double = map({ value: number(), step: (_, x) => 2 * x });
const chain = [
  { name: "double", operator: double, params: {} },
  { name: "sum", operator: sum, params: {} },
] as unknown as Link[];

describe("the changelog of a chain", () => {
  test("names partition, place in the chain, and operator", () => {
    expect(stateKey(3, 1, "sum", null)).toBe("3/1/sum");
  });

  test("names the key of records that have one, whatever is in it", () => {
    const keys = ["roof", "", "a/b", "1/sum", "über\n0/1/sum"];
    const state = new ChainState();
    for (const [i, key] of [null, ...keys].entries()) state.set(1, key, i);
    const entries = stateChanges(chain, 0, state).map(({ key, value }) => [key, value] as const);
    expect(entries.map(([name]) => name)).toEqual(["0/1/sum", ...keys.map((key) => `0/1/sum/${key}`)]);
    expect(restoreState(chain, 0, new Map(entries)).changes()).toEqual(state.changes());
    expect(unusedKeys(chain, 0, new Map(entries), undefined)).toEqual([]);
  });

  test("holds what changed, of operators that keep state", () => {
    const before = restoreState(chain, 3, new Map([["3/1/sum", "5"]]));
    const fork = before.fork();
    expect(stateChanges(chain, 3, fork)).toEqual([]);
    fork.set(1, null, 7);
    expect(stateChanges(chain, 3, fork)).toEqual([{ key: "3/1/sum", value: "7" }]);
    fork.commit();
    expect(stateChanges(chain, 3, fork)).toEqual([]);
    expect(before.get(1, null)).toBe(7);
  });

  test("gives the state back, and nothing where it has none", () => {
    expect(restoreState(chain, 3, new Map([["3/1/sum", "7"]])).changes()).toEqual([{ place: 1, key: null, state: 7 }]);
    expect(restoreState(chain, 3, new Map()).changes()).toEqual([]);
  });

  test.each([
    ["another partition", "2/1/sum"],
    ["another place in the chain", "3/0/sum"],
    ["another operator", "3/1/mean"],
    ["an operator that keeps none", "3/0/double"],
  ])("does not give the state of %s", (_, key) => {
    expect(restoreState(chain, 3, new Map([[key, "7"]])).changes()).toEqual([]);
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
