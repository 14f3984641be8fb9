import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { changelogWeight, recordBytes } from "../../declaration/record-limits.ts";
import { sizeOf } from "../../kafka/size-of.ts";
import type { Link } from "../../operators/message.ts";
import { timeWindow } from "../../operators/time-window.ts";
import { PartitionState } from "../../runtime/partition-state.ts";
import { StateStore } from "../../runtime/state-store.ts";
import { link } from "../runtime/links.ts";

test("records are weighed as services weigh them", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(fc.property(fc.option(text), text, (key, value) => recordBytes(key, value) === sizeOf({ key, value })));
});

test("a state is refused when services refuse it, in their words", () => {
  const chain: Link[] = [link("time-window", timeWindow, { size: 1000, grace: 0, compute: "mean" })];
  const refusal = (work: () => unknown) => {
    try {
      work();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const store = new StateStore(":memory:");
  const states = fc.array(fc.string({ unit: "binary" }), { maxLength: 30 });
  let refused = 0;
  fc.assert(
    fc.property(states, fc.option(fc.string({ unit: "binary" })), fc.nat(500), (state, key, maxBytes) => {
      const fork = new PartitionState(chain, 0, store, { offset: 0n }, () => 1, maxBytes).fork();
      const weigh = changelogWeight(chain, maxBytes);
      const ours = refusal(() => weigh(0, key, state));
      if (ours !== undefined) refused++;
      expect(ours).toEqual(refusal(() => fork.set(0, key, state)));
    }),
  );
  expect(refused).toBeGreaterThan(5);
});
