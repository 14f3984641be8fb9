import { CONTESTANTS, type Contestant, type Guarantee } from "./contestants.ts";
import type { Measured, Scenario } from "./scenarios.ts";

/** One run, with the round that it was part of: contestants of a round ran one right after the other. */
export interface Run {
  readonly round: number;
  readonly scenario: Scenario;
  readonly guarantee: Guarantee;
  readonly contestant: Contestant;
  readonly measured: Measured;
}

/** Median, and the least and the greatest. */
type Spread = readonly [median: number, min: number, max: number];

/** All that was measured with one guarantee. Ratios are medians of those within a round, as all else on a machine changes. */
export function summary(runs: readonly Run[], guarantee: Guarantee) {
  const of = (scenario: Scenario) => runs.filter((run) => run.guarantee === guarantee && run.scenario === scenario);
  const loop = of("loop");
  return {
    ratioToKafkaStreams: ratio(loop, "kafkaStreams"),
    ratioToKafkaPython: ratio(loop, "kafkaPython"),
    ratioToConfluentPython: ratio(loop, "confluentPython"),
    cpuSecondsPerMillion: medians(loop, "cpuSecondsPerMillion"),
    p99Ms: medians(of("latency"), "p99Ms"),
    p50Ms: medians(of("latency"), "p50Ms"),
    rssMb: medians(loop, "rssMb"),
    loop: details(loop),
    json1KB: details(of("json")),
    pipeline: details(of("pipeline")),
  };
}

function details(runs: readonly Run[]) {
  return {
    ratioToKafkaStreams: ratio(runs, "kafkaStreams"),
    recordsPerSecond: each(runs, (own) => spread(own.map(({ measured }) => measured.recordsPerSecond))),
    cpuSecondsPerMillion: each(runs, (own) => spread(own.map(({ measured }) => measured.cpuSecondsPerMillion))),
  };
}

/** How many times as fast this project is. */
function ratio(runs: readonly Run[], other: Contestant): number | undefined {
  const speed = (round: number, contestant: Contestant) =>
    runs.find((run) => run.round === round && run.contestant === contestant)?.measured.recordsPerSecond;
  const rounds = [...new Set(runs.map(({ round }) => round))];
  const ratios = rounds.map((round) => {
    const [own, others] = [speed(round, "bramble"), speed(round, other)];
    return own !== undefined && others !== undefined ? own / others : undefined;
  });
  return spread(ratios)?.[0];
}

function medians(runs: readonly Run[], what: keyof Measured) {
  return each(runs, (own) => spread(own.map(({ measured }) => measured[what]))?.[0]);
}

function each<T>(runs: readonly Run[], work: (own: readonly Run[]) => T | undefined): Partial<Record<Contestant, T>> {
  const entries = CONTESTANTS.map((contestant) => [
    contestant,
    work(runs.filter((run) => run.contestant === contestant)),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function spread(values: readonly (number | undefined)[]): Spread | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
  return [round(median), round(sorted[0] as number), round(sorted.at(-1) as number)];
}

/** Three digits are more than a run gives. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
