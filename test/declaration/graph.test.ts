import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { cycles, downstream, inOrder, upstream } from "../../declaration/graph.ts";

const stage = (name: string, from?: string | string[], to?: string | string[]) => ({
  name,
  from: [from ?? []].flat(),
  to: [to ?? []].flat(),
});
const named = (stages: readonly { name: string }[]) => stages.map(({ name }) => name);

// pro -> a -> con1 -> b -> con2, con3 (a fork), written from the end
const fork = [stage("con3", "b"), stage("con2", "b"), stage("con1", "a", "b"), stage("pro", undefined, "a")];

test("upstream and downstream are the neighbours by topic", () => {
  expect(named(upstream(fork, stage("con2", "b")))).toEqual(["con1"]);
  expect(named(downstream(fork, stage("con1", "a", "b")))).toEqual(["con3", "con2"]);
  expect(upstream(fork, stage("pro", undefined, "a"))).toEqual([]);
  expect(downstream(fork, stage("con2", "b"))).toEqual([]);
});

test("services come after those that they read from, and else stay in the order of the file", () => {
  expect(named(inOrder(fork))).toEqual(["pro", "con1", "con3", "con2"]);
  const apart = [stage("x", "outside"), stage("y", undefined, "a"), stage("z", "a")];
  expect(named(inOrder(apart))).toEqual(["x", "y", "z"]);
});

test("a diamond is no cycle", () => {
  const diamond = [stage("s", undefined, "a"), stage("l", "a", "b"), stage("r", "a", "b"), stage("end", "b", "c")];
  expect(cycles(diamond)).toEqual([]);
});

test("a stage that merges comes after all that it reads, and one that branches before all that read it", () => {
  const stages = [
    stage("merge", ["hot", "cold"], "all"),
    stage("cool", "warm", "cold"),
    stage("split", "in", ["hot", "warm"]),
  ];
  expect(named(inOrder(stages))).toEqual(["split", "cool", "merge"]);
  expect(cycles([...stages, stage("back", "all", "in")]).map(named)).toEqual([
    ["merge", "back", "split"],
    ["merge", "back", "split", "cool"],
  ]);
});

test("every way around is named once, from the stage that was given first", () => {
  const two = [stage("x", "b", "a"), stage("y", "a", "b"), stage("self", "c", "c"), stage("in", undefined, "a")];
  expect(cycles(two).map(named)).toEqual([["x", "y"], ["self"]]);
});

test("what has no cycle can be ordered, and what has one cannot", () => {
  const ends = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 2 });
  const graphs = fc
    .array(fc.tuple(ends, ends), { maxLength: 7 })
    .map((edges) => edges.map(([from, to], i) => stage(`s${i}`, from, to)));
  fc.assert(
    fc.property(graphs, (stages) => {
      if (cycles(stages).length > 0) {
        expect(() => inOrder(stages)).toThrow("a cycle among");
        return;
      }
      const ordered = inOrder(stages);
      expect(named(ordered).sort()).toEqual(named(stages).sort());
      for (const [i, each] of ordered.entries()) {
        for (const before of upstream(ordered, each)) expect(ordered.indexOf(before)).toBeLessThan(i);
      }
    }),
  );
});
