import { expect, test } from "@jest/globals";
import { advance, linkOf } from "../../operators/chain.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { dedupe } from "../../operators/dedupe.ts";
import { ewma } from "../../operators/ewma.ts";
import { extractTimestamp } from "../../operators/extract-timestamp.ts";
import type { Message } from "../../operators/message.ts";
import type { Operator } from "../../operators/operator.ts";
import { rate } from "../../operators/rate.ts";
import { sessionWindow } from "../../operators/session-window.ts";
import { threshold } from "../../operators/threshold.ts";
import { AheadError, aheadOf } from "../../operators/time-limit.ts";
import { timeWindow } from "../../operators/time-window.ts";

const NOON = Date.UTC(2026, 10, 29, 12);
const DAY_MS = 86_400_000;
const limit = aheadOf(NOON, 60_000);

const link = (name: string, operator: Operator, params: object = {}, field?: string) =>
  linkOf({ operator: name, params: operator.params.parse(params), ...(field && { field }) }, operator);

const problem = (moment: string) =>
  `event time ${moment} is more than 1m (maxAhead) ahead of the clock, 2026-11-29T12:00:00.000Z; set the sender's clock right, or raise maxAhead`;

/** What comes out of each record, or why it was refused; a record a day ahead is among them unless it is left out. */
function through(chain: readonly ReturnType<typeof link>[], messages: readonly Message[]) {
  const state = new ChainState();
  const out = messages.map((message) => {
    try {
      return advance(chain, state, message, ({ value }) => value, limit).outputs;
    } catch (error) {
      if (error instanceof AheadError) return error.message;
      throw error;
    }
  });
  return { out, state: state.changes() };
}

test.each([
  ["rate", link("rate", rate)],
  ["dedupe", link("dedupe", dedupe, { within: "1h" })],
  ["time-window", link("time-window", timeWindow, { size: "10s", compute: "count" })],
  ["session-window", link("session-window", sessionWindow, { gap: "1s", compute: "count" })],
  ["ewma", link("ewma", ewma, { alpha: 0.5 })],
])("a record a day ahead of the clock changes nothing for the records that %s gets after it", (_, operator) => {
  const good = Array.from({ length: 10 }, (_, i) => ({
    key: null,
    value: i % 3,
    timestampMs: NOON - 60_000 + 6000 * i,
  }));
  const bad = { key: null, value: 7, timestampMs: NOON + DAY_MS };
  const without = through([operator], good);
  const withBad = through([operator], good.toSpliced(3, 0, bad));
  expect(withBad.out[3]).toBe(problem("2026-11-30T12:00:00.000Z"));
  expect({ ...withBad, out: withBad.out.toSpliced(3, 1) }).toEqual(without);
});

test("an event time may be as far ahead as maxAhead, and no millisecond more", () => {
  const at = (timestampMs: number) => through([], [{ key: null, value: 1, timestampMs }]).out;
  expect(at(NOON + 60_000)).toEqual([[1]]);
  expect(at(NOON + 60_001)).toEqual([problem("2026-11-29T12:01:00.001Z")]);
});

test("an event time is compared with the clock when it is known: a field's, not the one it takes the place of", () => {
  const chain = [link("extract-timestamp", extractTimestamp, { field: "at" }), link("ewma", ewma, { alpha: 1 }, "x")];
  const message = (at: number, timestampMs: number) => ({ key: null, value: { at, x: 1 }, timestampMs });
  const { out } = through(chain, [
    message(NOON, NOON + DAY_MS),
    message(NOON + DAY_MS, NOON),
    message(NOON + 1, NOON + DAY_MS),
  ]);
  expect(out).toEqual([[], `extract-timestamp: ${problem("2026-11-30T12:00:00.000Z")}`, [{ at: NOON + 1, x: 1 }]]);
});

test("a record that a filter drops is not refused", () => {
  const ahead = { key: null, value: 1, timestampMs: NOON + DAY_MS };
  expect(through([link("threshold", threshold, { above: 5 })], [ahead]).out).toEqual([[]]);
});

test("a state that was set before the record's time was known is as it was", () => {
  const chain = [link("ewma", ewma, { alpha: 1 }, "x"), link("extract-timestamp", extractTimestamp, { field: "at" })];
  const seeded = { key: null, value: { at: NOON, x: 1 }, timestampMs: NOON };
  const ahead = { key: null, value: { at: NOON + DAY_MS, x: 2 }, timestampMs: NOON };
  expect(through(chain, [seeded, ahead]).state).toEqual(through(chain, [seeded]).state);
});
