import { expect, test } from "@jest/globals";
import { AheadError } from "../../operators/time-limit.ts";
import { PoisonError } from "../../runtime/codec.ts";
import { deadLetter } from "../../runtime/dead-letter.ts";
import type { IncomingRecord, Inspector } from "../../runtime/kafka/kafka.ts";
import type { Service } from "../../runtime/service.ts";
import { NOTHING_DECIDED, readDecided, timeLimits } from "../../runtime/time-limits.ts";

const NOON = Date.UTC(2026, 10, 29, 12);
const MINUTE_MS = 60_000;

const spec = { name: "con", groupId: "p-con", deadLetterTopic: "refused" } as Service["spec"];
const source = { topic: "in", partition: 1 };
const latest = (maxAheadMs?: number, nowMs: number | undefined = NOON) => {
  const service = { spec: { ...spec, ...(maxAheadMs !== undefined && { maxAheadMs }) }, clock: { nowMs: () => nowMs } };
  return timeLimits(service, NOTHING_DECIDED).of(7n).latestMs;
};

test("event times may be maxAhead ahead of the clock, and half an hour when nothing is said", () => {
  expect(latest(5 * MINUTE_MS)).toBe(NOON + 5 * MINUTE_MS);
  expect(latest()).toBe(NOON + 30 * MINUTE_MS);
});

test("a clock that is not set yet judges nothing", () => {
  const service = { spec, clock: { nowMs: () => undefined } };
  expect(timeLimits(service, NOTHING_DECIDED).of(7n).latestMs).toBe(Number.POSITIVE_INFINITY);
});

test("what was decided of a record holds when it is read again, whatever the clock shows now", () => {
  const limits = timeLimits({ spec, clock: { nowMs: () => 0 } }, { before: 10n, refused: new Set([3n]) });
  const late = Date.UTC(2099);
  expect([2n, 3n, 9n, 10n].map((offset) => limits.of(offset).latestMs)).toEqual([
    ...[Number.POSITIVE_INFINITY, -1, Number.POSITIVE_INFINITY, 30 * MINUTE_MS],
  ]);
  expect(limits.of(3n).problem(late)).toMatch(/^event time 2099-01-01T00:00:00.000Z was too far ahead of the clock/);
  const ofAll = (from: bigint, end: bigint) => limits.ofAll(from, end)?.latestMs;
  expect([ofAll(0n, 3n), ofAll(4n, 10n), ofAll(10n, 20n)]).toEqual([
    ...[Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 30 * MINUTE_MS],
  ]);
  expect([ofAll(0n, 4n), ofAll(3n, 4n), ofAll(4n, 11n)]).toEqual([undefined, undefined, undefined]);
});

const supervisor = { ready: () => {}, status: () => {}, alive: () => {}, stopping: () => {} };

/** Of a topic of dead letters, which is read from its beginning. */
function inspectorOf(deadLetters: readonly IncomingRecord[]): Inspector {
  const inspector: Pick<Inspector, "earliestOffset" | "readToEnd"> = {
    earliestOffset: async () => 0n,
    readToEnd: async ({ topic, partition }, _, onRecord) => {
      expect(`${topic}/${partition}`).toBe("refused/0");
      for (const each of deadLetters) onRecord(each);
      return BigInt(deadLetters.length);
    },
  };
  return inspector as Inspector;
}

const isAhead = new PoisonError("ahead", { cause: new AheadError(undefined, 1, "ahead") });
function refused(
  offset: bigint,
  error: PoisonError,
  { topic = "in", partition = 1, headers = {}, replayedFrom = "" } = {},
) {
  const put = replayedFrom === "" ? {} : { replayedFrom };
  const record = { offset, timestamp: "0", key: null, value: Buffer.from("1"), headers, ...put };
  const letter = deadLetter("refused", "con", { topic, partition }, record, error, 1_000_000);
  return { offset: 0n, timestamp: "0", key: null, value: Buffer.from("1"), headers: letter.headers ?? {} };
}

test("the dead letters tell which records were refused as ahead of the clock", async () => {
  const deadLetters = [
    ...[2n, 5n, 8n, 9n, 12n].map((offset) => refused(offset, isAhead)),
    refused(6n, new PoisonError("not a number")),
    // Put back and refused again: not the record that it was, which is read again at its first place.
    refused(11n, isAhead, { replayedFrom: "in/1@7 0" }),
    refused(7n, isAhead, { topic: "other" }),
    refused(7n, isAhead, { partition: 0 }),
    refused(7n, isAhead, { headers: { "bramble.result": [Buffer.from("true")] } }),
  ];
  const decided = await readDecided({ spec, supervisor }, inspectorOf(deadLetters), source, 5n, 9n);
  expect(decided).toEqual({ before: 9n, refused: new Set([5n, 8n]) });
});

test("dead letters are read only by who was sent back", async () => {
  const unread = {} as Inspector;
  expect(await readDecided({ spec, supervisor }, unread, source, 9n, 9n)).toMatchObject({ refused: new Set() });
});
