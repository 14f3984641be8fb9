import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ChainState } from "../../operators/chain-state.ts";
import type { Link } from "../../operators/message.ts";
import { fold, map, number } from "../../operators/operator.ts";
import { PartitionState } from "../../runtime/partition-state.ts";
import { stateChanges, stateKey } from "../../runtime/state.ts";
import { StateStore } from "../../runtime/state-store.ts";
import { removalKey, unusedEntries } from "../../runtime/unused-entries.ts";

const sum = fold({ value: number(), initial: 0, step: (_, state, x) => [state + x, [state + x]] });
const double = map({ value: number(), step: (_, x) => 2 * x });
const chain = [
  { name: "double", operator: double, params: {} },
  { name: "sum", operator: sum, params: {} },
] as unknown as Link[];

function storeOf(entries: Iterable<readonly [string, string]>): StateStore {
  const store = new StateStore(":memory:");
  store.begin("topic", 0n);
  store.write(entries, { offset: 1n });
  return store;
}

const stateOf = (partition: number, entries: Iterable<readonly [string, string]>) =>
  new PartitionState(chain, partition, storeOf(entries), { offset: 1n }, () => 1_000_000);

describe("the changelog of a chain", () => {
  test("names partition, index in the chain, and operator", () => {
    expect(stateKey(3, 1, "sum", null)).toBe("3/1/sum");
  });

  test("names the key of records that have one, whatever is in it", () => {
    const keys = ["roof", "", "a/b", "1/sum", "über\n0/1/sum", "nul\0", "0", "\u{10ffff}"];
    const state = new ChainState();
    for (const [i, key] of [null, ...keys].entries()) state.set(1, key, i);
    const entries = stateChanges(chain, 0, state).map(({ key, value }) => [key, value ?? ""] as const);
    expect(entries.map(([name]) => name)).toEqual(["0/1/sum", ...keys.map((key) => `0/1/sum/${key}`)]);
    const restored = stateOf(0, entries);
    expect([null, ...keys].map((key) => restored.get(1, key))).toEqual([null, ...keys].map((_, i) => i));
    expect(unusedEntries(chain, 0, storeOf(entries), undefined)).toEqual([]);
  });

  test("holds what changed, of operators that keep state", () => {
    const before = stateOf(3, [["3/1/sum", "5"]]);
    const fork = before.fork();
    expect(stateChanges(chain, 3, fork)).toEqual([]);
    fork.set(1, null, 7);
    expect(stateChanges(chain, 3, fork)).toEqual([{ key: "3/1/sum", value: "7" }]);
    expect(before.get(1, null)).toBe(5);
    fork.commit();
    expect(stateChanges(chain, 3, fork)).toEqual([]);
    expect(before.get(1, null)).toBe(7);
  });

  test("says what is wrong when somebody else has written to it", () => {
    expect(() => stateOf(3, [["3/1/sum", "seven"]]).get(1, null)).toThrow(
      'changelog: expected JSON under key 3/1/sum, found "seven"; write a tombstone for the key to start without state',
    );
  });

  test("knows which of the partition's entries nobody uses any more, and leaves word that they were taken away", () => {
    const used = ["3/1/sum", "3/1/sum/a", "3/1/sum/\u{10ffff}", "3/source", removalKey(3), "13/0/mean"];
    const unused = ["3/0/double", "3/0/mean", "3/1/sum-of", "3/1/sum-of/a", "3/1/summer", "3/old", "3/sources"];
    const store = storeOf([...used, ...unused].map((name) => [name, "1"]));
    const entries = unusedEntries(chain, 3, store, "3/source");
    expect(entries.map(({ key, value }) => `${key} ${value}`)).toEqual([
      ...unused.map((name) => `${name} null`),
      `${removalKey(3)} "3/sources"`,
    ]);
    expect(unusedEntries(chain, 3, storeOf(used.map((name) => [name, "1"])), "3/source")).toEqual([]);
  });
});

describe("the state of a partition", () => {
  test("of more keys than memory may hold is all there", () => {
    const store = storeOf([]);
    const state = new PartitionState(chain, 0, store, { offset: 1n }, () => 30_000);
    for (let round = 1; round <= 3; round++) {
      for (let first = 0; first < 1000; first += 100) {
        const fork = state.fork();
        for (let i = first; i < first + 100; i++) {
          expect(fork.get(1, `k${i}`)).toBe(round === 1 ? undefined : round - 1);
          fork.set(1, `k${i}`, round);
        }
        fork.commit();
        state.committed({ offset: BigInt(round * 1000 + first) });
      }
    }
    expect(store.namesBetween("", "1", 10_000)).toHaveLength(1000);
  });

  test("may be null, which is not the same as none", () => {
    const state = stateOf(0, [["0/1/sum", "null"]]);
    expect([state.get(1, null), state.get(1, "a")]).toEqual([null, undefined]);
  });

  test("is in the store once it is closed, with what else was written to the changelog", () => {
    const path = join(mkdtempSync(join(tmpdir(), "bramble-state-")), "0.sqlite");
    const store = new StateStore(path);
    store.begin("topic", 0n);
    const state = new PartitionState(chain, 0, store, { offset: 0n }, () => 1_000_000);
    state.set(1, "a", 5);
    state.committed({ offset: 7n }, [{ key: "0/source", value: "3" }]);
    expect(store.get("0/1/sum/a")).toBeUndefined(); // it is in memory, and not worth writing yet
    state.close();
    const after = new StateStore(path);
    expect([after.get("0/1/sum/a"), after.get("0/source"), after.origin?.offset]).toEqual(["5", "3", 7n]);
    after.close();
  });
});
