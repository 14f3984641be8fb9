import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { hostClock } from "../../runtime/clock.ts";

test("a clock that waits for NTP shows no time until it was set, and then for good", () => {
  const folder = join(mkdtempSync(join(tmpdir(), "bramble-clock-")), "timesync");
  mkdirSync(folder);
  const clock = hostClock(folder);
  expect(clock.nowMs()).toBeUndefined();
  writeFileSync(join(folder, "synchronized"), "");
  const before = Date.now();
  expect(clock.nowMs()).toBeGreaterThanOrEqual(before);
  rmSync(join(folder, "synchronized"));
  expect(clock.nowMs()).toBeGreaterThanOrEqual(before);
});

test("a clock is believed where nothing is known to set it", () => {
  expect(hostClock(join(tmpdir(), "no such folder")).nowMs()).toBeLessThanOrEqual(Date.now());
});
