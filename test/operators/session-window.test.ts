import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type At, runAt } from "../../operators/run.ts";
import { sessionWindow } from "../../operators/session-window.ts";
import { ALL, naively, whenGraceGrows, windowStreams } from "./window-streams.ts";

test("a session lasts as long as no silence is longer than the gap", () => {
  const records: At[] = [
    [1_000, 1],
    [6_000, 2],
    [11_000, 3],
    [16_001, 9],
    [30_000, 0],
  ];
  // A silence of exactly the gap still belongs to it.
  expect(runAt(sessionWindow, { gap: "5s", compute: ["count", "mean"] }, records)).toEqual([
    [11_000, { start: 1_000, end: 11_000, count: 3, mean: 2 }],
    [16_001, { start: 16_001, end: 16_001, count: 1, mean: 9 }],
  ]);
});

test("a late record may join two sessions to one", () => {
  const records: At[] = [
    [0, 1],
    [8_000, 4],
    [4_000, 2],
    [20_000, 0],
  ];
  expect(runAt(sessionWindow, { gap: "5s", grace: "3s", compute: "sum" }, records)).toEqual([[8_000, 7]]);
  expect(runAt(sessionWindow, { gap: "3s", grace: "5s", compute: "sum" }, records)).toEqual([
    [0, 1],
    [4_000, 2],
    [8_000, 4],
  ]);
});

test("a record that is late for every session is refused", () => {
  const records: At[] = [
    [0, 1],
    [20_000, 2],
    [14_999, 4],
    [15_000, 8],
    [40_000, 0],
  ];
  expect(runAt(sessionWindow, { gap: "2s", grace: "3s", compute: "sum" }, records)).toEqual([
    [0, 1],
    "it: late record of 1970-01-01T00:00:14.999Z: event time had reached 1970-01-01T00:00:20.000Z, " +
      "so its window was closed; a grace longer than 3000 ms keeps windows open",
    [15_000, 8],
    [20_000, 2],
  ]);
});

test("a session that has given its result stays closed when its grace grows", () => {
  expect(whenGraceGrows(sessionWindow, { gap: "5s" })).toEqual([
    [1_000, 1],
    expect.stringContaining("late record of 1970-01-01T00:00:02.000Z"),
    [15_000, 5],
  ]);
});

/** The sessions of one key, found anew from all the records that are still open, after each of them. */
function sessions(records: readonly At[], gap: number, grace: number): (At | "late")[] {
  let open: At[] = [];
  let time = 0;
  return records.flatMap((record): (At | "late")[] => {
    time = Math.max(time, record[0]);
    const groups = grouped([...open, record], gap);
    const isOver = (group: readonly At[]) => (group.at(-1)?.[0] ?? 0) + gap + grace < time;
    if (groups.some((group) => group.includes(record) && isOver(group))) return ["late"];
    open = groups.filter((group) => !isOver(group)).flat();
    return groups.filter(isOver).map((group): At => {
      const [start = 0, end = 0] = [group[0]?.[0], group.at(-1)?.[0]];
      return [end, { start, end, ...naively(group.map(([, x]) => x as number)) }];
    });
  });
}

function grouped(records: readonly At[], gap: number): At[][] {
  const groups: At[][] = [];
  for (const record of [...records].sort(([a], [b]) => a - b)) {
    const last = groups.at(-1);
    if (last !== undefined && record[0] - (last.at(-1)?.[0] ?? 0) <= gap) last.push(record);
    else groups.push([record]);
  }
  return groups;
}

test("is what the definition gives, digit for digit, for late records, several keys and a crash after each record", () => {
  fc.assert(
    fc.property(windowStreams, fc.integer({ min: 1, max: 40 }), fc.nat(60), (records, gap, grace) => {
      const params = { gap: `${gap}ms`, grace: `${grace}ms`, compute: ALL };
      for (const key of [undefined, "roof", "cellar"]) {
        const ofKey = records.filter((each) => each[2] === key).map(([t, x]): At => [t, x]);
        const results = runAt(sessionWindow, params, ofKey);
        expect(results.map((each) => (typeof each === "string" ? "late" : each))).toEqual(sessions(ofKey, gap, grace));
        const among = runAt(sessionWindow, params, records);
        const results2 = among.flatMap((each) => (typeof each !== "string" && each[2] === key ? [each] : []));
        expect(results2.map(([t, x]) => [t, x])).toEqual(results.filter((each) => typeof each !== "string"));
      }
    }),
  );
});
