import { expect, test } from "@jest/globals";
import { impactLines, rangeLines, upTo } from "../../cli/replay-text.ts";

test("each partition is told with where it begins and how much that is", () => {
  const ranges = [
    { topic: "readings", partition: 0, from: 0n, end: 20n, isCut: false },
    { topic: "readings", partition: 1, from: 120n, end: 121n, isCut: true },
    { topic: "others", partition: 0, from: 7n, end: 7n, isCut: false },
  ];
  expect(rangeLines(ranges, "where con2 is")).toEqual([
    "  readings/0  from offset 0:                                     up to 20 records, to offset 20, where con2 is",
    "  readings/1  from offset 120, the oldest that Kafka still has:  1 record, to offset 121, where con2 is",
    "  others/0    from offset 7:                                     nothing, to offset 7, where con2 is",
  ]);
  expect(upTo(2n)).toBe("up to 2 records");
});

test("what it means is said plainly: results come twice, state is reset, and who reads them", () => {
  const impact = {
    service: "con2",
    isStateful: true,
    isExact: true,
    outputs: [
      { topic: "ewma", readers: ["out_ewma"] },
      { topic: "odd", readers: ["a", "b"] },
      { topic: "even", readers: [] },
    ],
  };
  expect(impactLines(impact)).toEqual([
    "The state of its operators is reset: it begins there with none.",
    "Its results come again, each once, behind those that are there: in ewma (which out_ewma reads), odd (which a, b read), even.",
    "Nothing is taken away there, and con2 goes on with what arrives once it is through.",
  ]);
  expect(impactLines({ ...impact, isStateful: false, isExact: false })[0]).toMatch(/each at least once/);
  expect(impactLines({ ...impact, isStateful: false, outputs: [] })).toEqual(["It prints its results again."]);
});
