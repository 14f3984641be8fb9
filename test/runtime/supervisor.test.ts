import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { superviseBySystemd } from "../../runtime/supervisor.ts";

const underSystemd = { NOTIFY_SOCKET: "/run/systemd/notify", WATCHDOG_USEC: "60000000" };
let said: string[][];
const notify = (...assignments: string[]) => void said.push(assignments);

beforeEach(() => {
  said = [];
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test("readiness is said once, each new status after it", () => {
  const supervisor = superviseBySystemd(underSystemd, notify);
  supervisor.ready("consuming t, partition 0");
  jest.advanceTimersByTime(20_000);
  supervisor.ready("consuming t, partition 0");
  supervisor.ready("consuming t, partitions 0, 1");
  supervisor.stopping();
  expect(said).toEqual([
    ["READY=1"],
    ["STATUS=consuming t, partition 0"],
    ["STATUS=consuming t, partitions 0, 1"],
    ["STOPPING=1"],
  ]);
});

test("a status that changes all the time is told once in 10 s, and the last one for sure", () => {
  const supervisor = superviseBySystemd(underSystemd, notify);
  for (let i = 1; i <= 25; i++) {
    supervisor.status(`record ${i}`);
    jest.advanceTimersByTime(1000);
  }
  jest.advanceTimersByTime(60_000);
  expect(said).toEqual([["STATUS=record 1"], ["STATUS=record 10"], ["STATUS=record 20"], ["STATUS=record 25"]]);
});

test("the watchdog hears of a loop that moves, a few times in its period", () => {
  const supervisor = superviseBySystemd(underSystemd, notify);
  for (let s = 0; s < 60; s++) {
    jest.advanceTimersByTime(1000);
    supervisor.alive();
  }
  expect(said).toEqual([["WATCHDOG=1"], ["WATCHDOG=1"], ["WATCHDOG=1"]]);
});

test("right after it is ready a loop that moves is told of every second, to whoever waits for its first steps", () => {
  const supervisor = superviseBySystemd(underSystemd, notify);
  supervisor.ready("consuming");
  said = [];
  for (let s = 0; s < 60; s++) {
    jest.advanceTimersByTime(1000);
    supervisor.alive();
  }
  expect(said).toHaveLength(14 + 2);
});

test("the watchdog hears nothing of a loop that stands still", () => {
  superviseBySystemd(underSystemd, notify);
  jest.advanceTimersByTime(600_000);
  expect(said).toEqual([]);
});

test("without systemd there is nobody to tell", () => {
  const supervisor = superviseBySystemd({}, notify);
  supervisor.ready("consuming");
  supervisor.alive();
  supervisor.stopping();
  expect(said).toEqual([]);
});
