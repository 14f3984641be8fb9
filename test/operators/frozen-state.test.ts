import { describe, expect, test } from "@jest/globals";
import { frozenState } from "../../operators/frozen-state.ts";

describe("a state", () => {
  test.each([
    ["NaN", Number.NaN, "NaN"],
    ["infinity, however deep", { window: [1, Number.POSITIVE_INFINITY] }, "Infinity"],
    ["undefined", [undefined], "undefined"],
    ["a Map", new Map(), "a Map"],
    ["a Date", new Date(0), "a Date"],
    ["a bigint", 1n, "1"],
  ])("with %s is refused, as JSON would not bring it back", (_, state, name) => {
    expect(() => frozenState(state, "mean")).toThrow(
      expect.objectContaining({ operator: "mean", message: `mean: its state holds ${name}, which JSON cannot keep` }),
    );
  });

  test("cannot be changed in place", () => {
    const state = frozenState({ window: [1, 2] }, "mean") as { window: number[] };
    expect(() => state.window.push(3)).toThrow(TypeError);
  });
});
