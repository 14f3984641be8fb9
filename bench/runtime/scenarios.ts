import { execFile } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import type { KafkaBroker } from "../../testing/kafka-broker.ts";
import { createTopics } from "../../testing/topics.ts";
import { type Contestant, endedWithThis, type Guarantee, isStateful, type Job, python, start } from "./contestants.ts";

/** What one run of one contestant gave. */
export interface Measured {
  readonly recordsPerSecond?: number;
  readonly cpuSecondsPerMillion?: number;
  /** The largest that was seen, of one process. */
  readonly rssMb?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export const SCENARIOS = ["loop", "json", "pipeline", "latency"] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface Sizes {
  /** Of about 6 bytes; of 1 KB there are a tenth as many. */
  readonly records: number;
  readonly latencySeconds: number;
}

/** All contestants commit as often where latency is measured; 10 ms is near the least that Kafka Streams can. */
export const COMMIT_INTERVAL_MS = 10;
const RATE = 1000;
const PARTITIONS = 4;

export const probeScript = join(import.meta.dirname, "probe.py");

export async function probe<T>(...args: (string | number)[]): Promise<T> {
  const probing = promisify(execFile)(python, [probeScript, ...args.map(String)]);
  endedWithThis(probing.child);
  return JSON.parse((await probing).stdout);
}

/** Writes once what all contestants read. */
export async function fillInputs(broker: KafkaBroker, scenarios: readonly Scenario[], { records }: Sizes) {
  const inputs = [
    { scenario: "loop", topic: "numbers", partitions: PARTITIONS, count: records, kind: "number" },
    { scenario: "json", topic: "objects", partitions: PARTITIONS, count: records / 10, kind: "json" },
    { scenario: "pipeline", topic: "celsius", partitions: 1, count: records, kind: "number" },
  ] as const;
  for (const { scenario, topic, partitions, count, kind } of inputs) {
    if (!scenarios.includes(scenario)) continue;
    await createTopics(broker, [{ topic, partitions }]);
    await probe("fill", broker.bootstrapServer, topic, partitions, count, kind);
  }
}

let runs = 0;

/** Runs one scenario with topics of its own; fails when what came out is not what must come out. */
export async function measure(
  broker: KafkaBroker,
  scenario: Scenario,
  contestant: Contestant,
  guarantee: Guarantee,
  { records, latencySeconds }: Sizes,
): Promise<Measured> {
  const at = broker.bootstrapServer;
  const run = `run${++runs}`;
  const jobs = jobsOf(run, scenario);
  const partitions = scenario === "loop" || scenario === "json" ? PARTITIONS : 1;
  await createTopics(broker, [
    ...(scenario === "latency" ? [{ topic: `${run}-celsius` }] : []),
    ...jobs.map(({ output }) => ({ topic: output, partitions })),
    ...jobs.map(({ name }) => ({ topic: `${name}-dead-letters` })),
    ...jobs
      .filter(({ operator }) => isStateful(operator))
      .map(({ name }) => ({ topic: `${name}-changelog`, partitions, compacted: true })),
  ]);
  const commitIntervalMs = scenario === "latency" ? COMMIT_INTERVAL_MS : undefined;
  const setting = { bootstrapServer: at, guarantee, ...(commitIntervalMs !== undefined && { commitIntervalMs }) };
  const processes = await Promise.all(jobs.map((job) => start(contestant, job, setting)));
  try {
    if (scenario === "latency") {
      return await probe<Measured>("latency", at, `${run}-celsius`, `${run}-ewma`, RATE, latencySeconds);
    }
    const isolation = guarantee === "exactly_once" ? "read_committed" : "read_uncommitted";
    const pids = processes.map(({ pid }) => pid).join();
    const wanted = expected(scenario, records);
    const ends = scenario === "pipeline" ? [`${run}-ewma`, `${run}-average`] : [`${run}-out`];
    const measured = await probe<Measured>("watch", at, isolation, wanted.least, pids, ...ends);
    const found = await probe<{ count: number; sum: number }>("check", at, ends[0] as string);
    const isRight = found.count === wanted.count && (wanted.sum === undefined || Math.abs(found.sum - wanted.sum) < 1);
    if (!isRight && guarantee === "exactly_once") {
      throw new Error(`${contestant}, ${scenario}: found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
    }
    return measured;
  } finally {
    for (const each of processes) {
      each.kill("SIGKILL");
      if (each.exitCode === null && each.signalCode === null) await once(each, "exit");
    }
  }
}

function jobsOf(run: string, scenario: Scenario): Job[] {
  if (scenario === "loop" || scenario === "json") {
    const operator = scenario === "loop" ? "celsius-to-fahrenheit" : "celsius-to-fahrenheit(celsius)";
    return [{ name: run, operator, input: scenario === "loop" ? "numbers" : "objects", output: `${run}-out` }];
  }
  const input = scenario === "pipeline" ? "celsius" : `${run}-celsius`;
  const hops: Job[] = [
    { name: `${run}-pro`, operator: "celsius-to-fahrenheit", input, output: `${run}-fahrenheit` },
    { name: `${run}-con1`, operator: "threshold", input: `${run}-fahrenheit`, output: `${run}-above` },
    { name: `${run}-con2`, operator: "ewma", input: `${run}-above`, output: `${run}-ewma` },
  ];
  const average: Job = {
    name: `${run}-con3`,
    operator: "moving-average",
    input: `${run}-above`,
    output: `${run}-average`,
  };
  return scenario === "latency" ? hops : [...hops, average];
}

/** What the probe wrote: see its function `celsius`. */
function expected(scenario: Scenario, records: number): { least: number; count: number; sum?: number } {
  const total = scenario === "json" ? records / 10 : records;
  const celsius = Array.from({ length: total }, (_, i) => 10 + ((i * 7919) % 30000) / 1000);
  const fahrenheit = celsius.map((c) => (c * 9) / 5 + 32);
  if (scenario !== "pipeline") return { least: total, count: total, sum: fahrenheit.reduce((sum, f) => sum + f, 0) };
  const above = fahrenheit.filter((f) => f > 50).length;
  // Of n values the first seeds the EWMA, and the first two make no average.
  return { least: above - 2, count: above - 1 };
}
