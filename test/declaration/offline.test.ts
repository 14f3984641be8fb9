import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { type OfflineRun, runOffline } from "../../declaration/offline.ts";

async function run(files: Record<string, string>): Promise<OfflineRun> {
  const folder = mkdtempSync(join(tmpdir(), "bramble-test-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return await runOffline(await loadPipeline(join(folder, "p.yaml")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("kafka_chaining gives the known answer of the exercise", async () => {
  const { topics, sinks, deadLetters } = await runOffline(await loadPipeline("pipelines/kafka_chaining.yaml"));
  const ewma = [55.400000000000006, 59, 57.2, 54.5, 54.05, 54.724999999999994, 57.762499999999996, 59.28125, 62.740625];
  const average = [57.800000000000004, 57.199999999999996, 56.6, 53.599999999999994, 53.6, 56.6, 59, 62.6];
  expect(Object.fromEntries(topics)).toEqual({
    temperatures_fahrenheit: [44.6, 42.8, 48.2, 57.2, 53.6, 62.6, 48.2, 55.4, 51.8, 53.6, 55.4, 60.8, 60.8, 66.2],
    temperatures_above_threshold: [57.2, 53.6, 62.6, 55.4, 51.8, 53.6, 55.4, 60.8, 60.8, 66.2],
    temperatures_ewma: ewma,
    temperatures_moving_average: average,
  });
  expect(sinks.get("out_ewma")).toEqual(ewma.map((value) => [value]));
  expect(sinks.get("out_avg")).toEqual(average.map((value) => [value]));
  expect(deadLetters.size).toBe(0);
});

test("kafka_example prints every stage: Celsius, Fahrenheit, at most 1 off it, rounded", async () => {
  const { topics, sinks } = await runOffline(await loadPipeline("pipelines/kafka_example.yaml"));
  const celsius = [20, 21, 19, 22, 25, 18, 23, 24, 26, 17];
  const fahrenheit = [68, 69.8, 66.2, 71.6, 77, 64.4, 73.4, 75.2, 78.8, 62.6];
  expect(topics.get("temperature")).toEqual(celsius);
  const stages = sinks.get("con") as number[][];
  expect(stages.map(([c, f]) => [c, f])).toEqual(celsius.map((c, i) => [c, fahrenheit[i]]));
  for (const [, exact = 0, noisy = 0, rounded] of stages) {
    expect(Math.abs(noisy - exact)).toBeLessThanOrEqual(1);
    expect(rounded).toBe(Math.round(noisy));
  }
});

test("a topic of two writers holds their values in the order in which they would be read", async () => {
  const { topics } = await run({
    "p.yaml": `
cluster: { hosts: { rpi0: 10.42.0.250 } }
services:
  slow: { on: rpi0, source: { file: slow.txt, every: 5s }, to: both }
  fast: { on: rpi0, source: { file: fast.txt, every: 2s }, to: both }
`,
    // at 0, 5 and 10 s
    "slow.txt": "1 2 3",
    // at 0, 2, 4 and 6 s
    "fast.txt": "10 20 30 40",
  });
  expect(topics.get("both")).toEqual([1, 10, 20, 30, 2, 40, 3]);
});

test("a value that an operator refuses becomes a dead letter, and the stream goes on with the state that it had", async () => {
  const { topics, sinks, deadLetters } = await run({
    "p.yaml": `
cluster: { hosts: { rpi0: 10.42.0.250 } }
topics: { outside: }
services:
  pro: { on: rpi0, source: { file: v.txt }, to: readings }
  mean: { on: rpi0, from: readings, apply: [{ moving-average: { over: 2 } }], to: means }
  show: { on: rpi0, from: means, apply: [round], sink: { log: { stages: true } } }
  idle: { on: rpi0, from: outside, sink: log }
`,
    // The sum of the two huge ones is more than a double holds: the mean refuses the second.
    "v.txt": "1 2 1.7e308 1.6e308 4 5",
  });
  expect(topics.get("means")).toEqual([1.5, 1.7e308 / 2, 1.7e308 / 2, 4.5]);
  expect(topics.get("outside")).toEqual([]);
  expect(Object.fromEntries(sinks)).toEqual({
    show: [
      [1.5, 2],
      [1.7e308 / 2, 1.7e308 / 2],
      [1.7e308 / 2, 1.7e308 / 2],
      [4.5, 5],
    ],
    idle: [],
  });
  expect([...deadLetters].map(([service, errors]) => [service, errors.map(({ message }) => message)])).toEqual([
    ["mean", ["moving-average: emitted Infinity; expected a finite number"]],
  ]);
});

test("an operator refuses a number that is none", async () => {
  const { deadLetters } = await run({
    "p.yaml": `
cluster: { hosts: { rpi0: 10.42.0.250 } }
services:
  pro: { on: rpi0, source: { file: v.txt }, apply: [celsius-to-fahrenheit, round], sink: log }
`,
    "v.txt": "1e308",
  });
  expect(deadLetters.get("pro")).toMatchObject([{ message: "round: expected a number, found Infinity" }]);
});
