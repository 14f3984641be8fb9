import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { deadband } from "../../operators/deadband.ts";
import { dedupe } from "../../operators/dedupe.ts";
import { rate } from "../../operators/rate.ts";
import { type At, run, runAt } from "../../operators/run.ts";
import { windowStreams } from "./window-streams.ts";

/** What every key's own records give, put together again in the order of all. */
function keyByKey(records: readonly At[], naive: (ofKey: readonly At[]) => readonly (number | string)[][]) {
  const answers = new Map<string | undefined, (number | string)[][]>();
  for (const [, , key] of records) {
    if (!answers.has(key)) answers.set(key, [...naive(records.filter((each) => each[2] === key))]);
  }
  return records.flatMap(([, , key]) => answers.get(key)?.shift() ?? []);
}

const values = (results: readonly (At | string)[]) =>
  results.map((each) => (typeof each === "string" ? "refused" : (each[1] as number)));

test("rate is the difference over the time since the last record that was not refused", () => {
  fc.assert(
    fc.property(windowStreams, fc.constantFrom(1, 1000, 60_000), (records, per) => {
      const naive = (ofKey: readonly At[]) => {
        const taken: At[] = [];
        return ofKey.map((record): (number | string)[] => {
          const before = taken.at(-1);
          if (before && record[0] <= before[0]) return ["refused"];
          taken.push(record);
          return before ? [((record[1] as number) - (before[1] as number)) / ((record[0] - before[0]) / per)] : [];
        });
      };
      expect(values(runAt(rate, { per: `${per}ms` }, records))).toEqual(keyByKey(records, naive));
    }),
  );
});

test("a record that is not later than the last one says so, and the next rate is to the one before it", () => {
  const records: At[] = [
    [1000, 5],
    [3000, 9],
    [3000, 100],
    [2000, 100],
    [4000, 6],
  ];
  expect(runAt(rate, {}, records)).toEqual([
    [3000, 2],
    "it: expected a later record than the last, found one 0 ms before it",
    "it: expected a later record than the last, found one 1000 ms before it",
    [4000, -3],
  ]);
});

test("deadband leaves out what is within reach of the last value that passed, and nothing else", () => {
  const streams = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1 });
  fc.assert(
    fc.property(streams, fc.integer({ min: 0, max: 10 }), (stream, by) => {
      const passed: number[] = [];
      for (const x of stream) if (!passed.length || Math.abs(x - (passed.at(-1) ?? 0)) > by) passed.push(x);
      expect(run(deadband, { by }, stream)).toEqual(passed);
    }),
  );
});

test("dedupe drops a value exactly when an equal one that it remembers is near in time", () => {
  fc.assert(
    fc.property(
      windowStreams,
      fc.integer({ min: 1, max: 80 }),
      fc.integer({ min: 1, max: 5 }),
      (all, within, among) => {
        const naive = (ofKey: readonly At[]) => {
          const passed: At[] = [];
          return ofKey.map((record): number[] => {
            // Whoever is forgotten stays so: when it passed, or later, something newer had passed.
            const remembered = passed.filter(
              ([time], i) =>
                passed.slice(0, i + 1).every(([t]) => t - time < within) &&
                passed.slice(i + 1).every(([t]) => t - time < within),
            );
            const isDuplicate = remembered
              .slice(-among)
              .some(([t, x]) => x === record[1] && Math.abs(t - record[0]) < within);
            if (isDuplicate) return [];
            passed.push(record);
            return [record[1] as number];
          });
        };
        expect(values(runAt(dedupe, { within: `${within}ms`, among }, all))).toEqual(keyByKey(all, naive));
      },
    ),
  );
});

test("dedupe knows long texts by all of their characters, and no digest from a text that looks like one", () => {
  const long = (end: string) => "x".repeat(1000) + end;
  const digest = createHash("sha256").update(long("a")).digest("base64url");
  expect(run(dedupe, { within: "1s" }, [long("a"), long("b"), digest, long("a"), long("b"), digest])).toEqual([
    long("a"),
    long("b"),
    digest,
  ]);
});

test("dedupe goes on from a state that has long texts as they were", () => {
  const text = "x".repeat(1000);
  const [, passed] = dedupe.step({ within: 1000, among: 10 }, [[text, 5]], text, { key: null, timestampMs: 5 });
  expect(passed).toEqual([]);
});

test("dedupe knows numbers from text, and true from 1", () => {
  expect(run(dedupe, { within: "1s" }, [1, "1", true, 1, "1", true, "", ""])).toEqual([1, "1", true, ""]);
});
