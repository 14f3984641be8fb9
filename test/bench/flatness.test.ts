import { expect, test } from "@jest/globals";
import { flatness } from "../../bench/flatness.ts";

const times = Array.from({ length: 120 }, (_, i) => i);

test.each<[string, (i: number) => number]>([
  ["the same all the time", () => 100],
  ["a saw, as a garbage collector makes it", (i) => 80 + (i % 10) * 4],
  ["warming up, then the same", (i) => Math.min(60 + i * 2, 110)],
  ["the same with a peak at the end", (i) => (i === 118 ? 200 : 100)],
])("memory is flat: %s", (_, size) => {
  expect(flatness(times.map(size)).isFlat).toBe(true);
});

test.each<[string, (i: number) => number]>([
  ["a steady leak", (i) => 80 + i * 0.5],
  ["a leak under a saw", (i) => 80 + (i % 10) * 4 + i * 0.6],
  ["a step that stays", (i) => (i < 80 ? 90 : 130)],
])("memory is not flat: %s", (_, size) => {
  expect(flatness(times.map(size)).isFlat).toBe(false);
});

test("too few samples tell nothing", () => {
  expect(() => flatness([100, 100])).toThrow("found 2 samples, wanted 8 at least");
});
