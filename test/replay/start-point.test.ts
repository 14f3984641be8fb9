import { describe, expect, test } from "@jest/globals";
import { offsetCount, parseStartPoint, type ReadableRange, rangesFrom } from "../../replay/start-point.ts";

const HOUR = 3_600_000;

test.each([
  ["beginning", { kind: "beginning" }],
  ["90s", { kind: "ago", ms: 90_000 }],
  ["1h", { kind: "ago", ms: HOUR }],
  ["2d", { kind: "ago", ms: 48 * HOUR }],
  ["0", { kind: "offset", offset: 0n }],
  ["9007199254740993", { kind: "offset", offset: 9007199254740993n }],
])("%s is a place to begin", (text, from) => {
  expect(parseStartPoint(text)).toEqual(from);
});

test.each(["", "start", "-1", "1 h", "1w", "1e3", "0x10", "99999999999999999999"])("%j is none", (text) => {
  expect(parseStartPoint(text)).toBeUndefined();
});

describe("in each partition it begins", () => {
  const whole: ReadableRange = { topic: "in", partition: 0, earliest: 0n, end: 20n, since: 12n };
  const cut: ReadableRange = { topic: "in", partition: 1, earliest: 120n, end: 200n, since: 120n };
  const startsOf = (text: string, ranges: readonly ReadableRange[]) => {
    const from = parseStartPoint(text);
    if (from === undefined) throw new Error(`${text} is no place`);
    return rangesFrom(from, ranges, "where con2 is");
  };

  test("at its beginning, as far as Kafka still has it", () => {
    const ranges = startsOf("beginning", [whole, cut]);
    expect(ranges).toEqual([
      { topic: "in", partition: 0, from: 0n, end: 20n, isCut: false },
      { topic: "in", partition: 1, from: 120n, end: 200n, isCut: true },
    ]);
    expect(offsetCount(ranges)).toBe(100n);
  });

  test("at the first record that is young enough, or where the service is when there is none that it has read", () => {
    expect(startsOf("1h", [whole, cut, { ...whole, since: 31n }])).toMatchObject([
      { from: 12n, end: 20n, isCut: false },
      { from: 120n, end: 200n, isCut: true },
      { from: 20n, end: 20n },
    ]);
  });

  test("at an offset", () => {
    expect(startsOf("20", [whole])).toMatchObject([{ from: 20n, end: 20n }]);
    expect(startsOf("150", [cut])).toMatchObject([{ from: 150n, end: 200n, isCut: false }]);
  });

  test.each([
    [
      "21",
      [whole],
      "offset 21 cannot be read; expected one of\n  in/0: 0 to 20, where con2 is\n`--from beginning` reads all records, a time such as `--from 1h` only those since then.",
    ],
    [
      "20",
      [whole, cut],
      [
        "offset 20 cannot be read; expected one that every partition has:",
        "  in/0: 0 to 20, where con2 is",
        "  in/1: 120 to 200, where con2 is; Kafka has deleted the records before 120 (retention)",
        "`--from beginning` reads all records, a time such as `--from 1h` only those since then.",
      ].join("\n"),
    ],
  ])("but not at offset %s, which is not there", (text, ranges, message) => {
    expect(() => startsOf(text, ranges)).toThrow(message);
  });
});
