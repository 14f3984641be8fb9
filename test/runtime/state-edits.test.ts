import { expect, test } from "@jest/globals";
import { advance } from "../../operators/chain.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { PartitionState } from "../../runtime/partition-state.ts";
import { stateChanges } from "../../runtime/state.ts";
import { StateStore } from "../../runtime/state-store.ts";
import { unusedEntries } from "../../runtime/unused-entries.ts";
import { chainOf, editedService } from "../edited-service.ts";

/** Edits of one operator's parameters: whether what it remembers still means the same. */
const edits: readonly { readonly was: string; readonly is: string; readonly resets?: string }[] = [
  { was: "ewma: { alpha: 0.5 }", is: "ewma: { alpha: 0.2 }" },
  { was: "moving-average: { over: 3 }", is: "moving-average: { over: 4 }" },
  { was: "moving-average: { over: 3 }", is: "moving-average: { over: 2 }" },
  { was: "rate: { per: 1s }", is: "rate: { per: 1m }" },
  { was: "deadband: { by: 1 }", is: "deadband: { by: 2 }" },
  { was: "dedupe: { within: 1s }", is: "dedupe: { within: 5s, among: 10 }" },
  { was: "add-noise: { amplitude: 1, seed: 1 }", is: "add-noise: { amplitude: 2, seed: 1 }" },
  { was: "add-noise: { seed: 1 }", is: "add-noise: { seed: 2 }", resets: "seed: 1 -> 2" },
  { was: "add-noise", is: "add-noise: { seed: 2 }", resets: "seed: none -> 2" },
  {
    was: "time-window: { size: 4s, compute: mean }",
    is: "time-window: { size: 4s, grace: 1s, compute: [mean, count] }",
  },
  { was: "time-window: { size: 4s, compute: mean }", is: "time-window: { size: 4s, advance: 4s, compute: mean }" },
  { was: "time-window: { size: 60s, compute: mean }", is: "time-window: { size: 1m, compute: mean }" },
  {
    was: "time-window: { size: 4s, compute: mean }",
    is: "time-window: { size: 5s, compute: mean }",
    resets: "size: 4s -> 5s",
  },
  {
    was: "time-window: { size: 4s, compute: mean }",
    is: "time-window: { size: 4s, advance: 1s, compute: mean }",
    resets: "advance: none -> 1s",
  },
  {
    was: "time-window: { size: 4s, compute: mean }",
    is: "time-window: { size: 4s, compute: [mean, variance] }",
    resets: "compute: mean -> [mean, variance]",
  },
  { was: "session-window: { gap: 4s, compute: mean }", is: "session-window: { gap: 4s, grace: 1s, compute: sum }" },
  {
    was: "session-window: { gap: 4s, compute: mean }",
    is: "session-window: { gap: 5s, compute: mean }",
    resets: "gap: 4s -> 5s",
  },
];

test.each(edits)("$was -> $is", async ({ was, is, resets }) => {
  const { before, after, sentences } = await editedService(`[${was}]`, `[${is}]`);
  expect(sentences).toEqual([
    resets === undefined ? expect.stringContaining("it keeps its state") : `its state is reset (${resets})`,
  ]);
  const chain = await chainOf(before);
  const state = new ChainState();
  const keys = [null, "kitchen"];
  for (const key of keys) advance(chain, state, { key, value: 1, timestampMs: 1000 }, () => null);
  const changelog = stateChanges(chain, 0, state);
  expect(changelog).toHaveLength(2);

  const edited = await chainOf(after);
  const store = new StateStore(":memory:");
  store.begin("changelog", 0n);
  store.write(
    changelog.map(({ key, value }) => [key, value]),
    { offset: 2n },
  );
  const restored = new PartitionState(edited, 0, store, { offset: 2n }, () => 1_000_000);
  const kept = resets === undefined;
  expect(keys.map((key) => restored.get(0, key))).toEqual(keys.map((key) => (kept ? state.get(0, key) : undefined)));
  const removed = unusedEntries(edited, 0, store, undefined).flatMap(({ key, value }) => (value === null ? [key] : []));
  expect(removed).toEqual(kept ? [] : changelog.map(({ key }) => key));
});
