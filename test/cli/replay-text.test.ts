import { expect, test } from "@jest/globals";
import { impactLines, rangeLines, recordsText } from "../../cli/replay-text.ts";

test("each partition is told with where it begins and how much that is", () => {
  const ranges = [
    { topic: "readings", partition: 0, from: 0n, end: 20n, isCut: false, count: { records: 17, isExact: true } },
    { topic: "readings", partition: 1, from: 120n, end: 122n, isCut: true, count: { records: 1, isExact: true } },
    { topic: "others", partition: 0, from: 7n, end: 8n, isCut: false, count: { records: 0, isExact: true } },
  ];
  expect(rangeLines(ranges, "where con2 is")).toEqual([
    "  readings/0  from offset 0:                         17 records, to offset 20, where con2 is",
    "  readings/1  from offset 120, the oldest in Kafka:  1 record, to offset 122, where con2 is",
    "  others/0    from offset 7:                         nothing, to offset 8, where con2 is",
  ]);
  expect(recordsText({ records: 20_000, isExact: false })).toBe("up to 20000 records");
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
    "The state of its operators is reset: it starts there with no state.",
    "Its results are written again, each once, after the existing ones, to ewma (read by out_ewma), odd (read by a, b), even.",
    "The existing results stay. Once it has caught up, con2 continues with new records.",
  ]);
  expect(impactLines({ ...impact, isStateful: false, isExact: false })[0]).toMatch(/each at least once/);
  expect(impactLines({ ...impact, isStateful: false, outputs: [] })).toEqual(["It prints its results again."]);
});
