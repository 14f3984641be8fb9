import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { pause } from "../../runtime/pause.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const DAY_MS = 86_400_000;
const never = new AbortController().signal;

test.each([1, 24, 25, 30, 365])("a pause of %d days takes all of them", async (days) => {
  const ended = jest.fn();
  void pause(days * DAY_MS, never).then(ended);
  await jest.advanceTimersByTimeAsync(days * DAY_MS - 1);
  expect(ended).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalled();
});

test.each([1000, 30 * DAY_MS, 365 * DAY_MS])("a pause of %d ms ends when it is stopped", async (ms) => {
  const stop = new AbortController();
  const paused = pause(ms, stop.signal);
  await jest.advanceTimersByTimeAsync(ms / 2);
  stop.abort();
  await paused;
  expect(jest.getTimerCount()).toBe(0);
});
