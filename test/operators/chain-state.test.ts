import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ChainState } from "../../operators/chain-state.ts";

test("its weight is that of what it changed, whatever of it was taken back", () => {
  const sets = fc.array(fc.tuple(fc.nat(1), fc.constantFrom(null, "a", "b"), fc.nat(9)));
  fc.assert(
    fc.property(fc.array(fc.tuple(sets, fc.boolean())), (records) => {
      const below = new ChainState();
      below.set(0, "a", 1000);
      const fork = new ChainState(below, (_, __, state) => Number(state));
      const model = new ChainState();
      for (const [changes, isRefused] of records) {
        const mark = fork.mark();
        for (const [index, key, state] of changes) {
          fork.set(index, key, state);
          if (!isRefused) model.set(index, key, state);
        }
        if (isRefused) fork.rollBackTo(mark);
        fork.keep();
      }
      const found = new Map(fork.changes().map(({ index, key, state }) => [`${index} ${key}`, state]));
      expect(found).toEqual(new Map(model.changes().map(({ index, key, state }) => [`${index} ${key}`, state])));
      expect(fork.bytes).toBe([...found.values()].reduce((sum: number, state) => sum + Number(state), 0));
      fork.commit();
      expect(fork.bytes).toBe(0);
    }),
  );
});

test("a state that is refused changes nothing", () => {
  const fork = new ChainState(undefined, (_, __, state) => {
    if (state === 2) throw new Error("too large");
    return 1;
  });
  fork.set(0, null, 1);
  expect(() => fork.set(0, null, 2)).toThrow("too large");
  expect([fork.get(0, null), fork.bytes]).toEqual([1, 1]);
});
