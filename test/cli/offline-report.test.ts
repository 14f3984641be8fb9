import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { offlineReport } from "../../cli/offline-report.ts";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { type OfflineRun, runOffline } from "../../declaration/offline.ts";

async function report(file: string, most: number): Promise<string> {
  const pipeline = await loadPipeline(file);
  return offlineReport(pipeline, await runOffline(pipeline), most);
}

test("every stream stands with its values, and long ones are cut", async () => {
  expect(await report("pipelines/kafka_chaining.yaml", 5)).toBe(
    `temperatures_fahrenheit, written by pro
  14 values: 44.6 42.8 48.2 57.2 53.6 ... and 9 more
temperatures_above_threshold, written by con1
  10 values: 57.2 53.6 62.6 55.4 51.8 ... and 5 more
temperatures_ewma, written by con2
  9 values: 55.400000000000006 59 57.2 54.5 54.05 ... and 4 more
temperatures_moving_average, written by con3
  8 values: 57.800000000000004 57.199999999999996 56.6 53.599999999999994 53.6 ... and 3 more
out_ewma, printed
  9 values: 55.400000000000006 59 57.2 54.5 54.05 ... and 4 more
out_avg, printed
  8 values: 57.800000000000004 57.199999999999996 56.6 53.599999999999994 53.6 ... and 3 more`,
  );
});

test("stages, dead letters and topics from outside are shown, too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bramble-test-"));
  writeFileSync(join(folder, "v.txt"), "0 1e308 100");
  writeFileSync(
    join(folder, "p.yaml"),
    `
cluster: { hosts: { rpi0: 10.42.0.250 } }
topics: { outside: }
services:
  pro: { on: rpi0, source: { file: v.txt }, to: a }
  con: { on: rpi0, from: a, apply: [celsius-to-fahrenheit, { threshold: { above: 40 } }], sink: { log: { stages: true } } }
  out: { on: rpi0, from: outside, sink: log }
  keep: { on: rpi0, from: a, apply: [round], sink: { file: kept.txt } }
`,
  );
  expect(await report(join(folder, "p.yaml"), 50)).toBe(
    `outside, written from outside: no values here
a, written by pro
  3 values: 0 1e308 100
con, printed
  1 value
  100 -> 212 -> 212
out, printed
  0 values
keep, lines of kept.txt
  3 values
  0
  1e308
  100
con, dead letters
  1 value
  threshold: expected a number, found Infinity`,
  );
  rmSync(folder, { recursive: true });
});

test("a source without an end that was cut beside a slower one says after how many values", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bramble-test-"));
  writeFileSync(
    join(folder, "p.yaml"),
    `
cluster: { hosts: { rpi0: 10.42.0.250 } }
services: { fast: { on: rpi0, source: { sequence: {}, every: 1s }, to: ticks } }
`,
  );
  const pipeline = await loadPipeline(join(folder, "p.yaml"));
  const run = await runOffline(pipeline);
  const first = (cut: OfflineRun["cut"]) => offlineReport(pipeline, { ...run, cut }, 1).split("\n")[0];
  expect(first(run.cut)).toBe("fast never stops sending: only its beginning is shown");
  expect(first(new Map([["fast", 7]]))).toBe("fast never stops sending: only its first 7 values are shown");
  rmSync(folder, { recursive: true });
});
