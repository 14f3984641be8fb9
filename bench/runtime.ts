import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { kafkaSeries } from "../declaration/kafka-versions.ts";
import { startKafkaBroker } from "../testing/kafka-broker.ts";
import "./exit-on-signals.ts";
import { CONTESTANTS, type Contestant, GUARANTEES, type Guarantee } from "./runtime/contestants.ts";
import { measureIdle } from "./runtime/idle.ts";
import { type Run, summary } from "./runtime/results.ts";
import { COMMIT_INTERVAL_MS, fillInputs, measure, SCENARIOS, type Scenario } from "./runtime/scenarios.ts";

/**
 * The runtime beside Kafka Streams, kafka-python and librdkafka: `make bench-runtime`. One broker, and one contestant at a
 * time, all of them in turn before any of them again; `--records 100000 --rounds 1` for a quick look.
 */
const { values: options } = parseArgs({
  options: {
    records: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "15" },
    scenarios: { type: "string", default: SCENARIOS.join() },
    guarantees: { type: "string", default: GUARANTEES.join() },
    contestants: { type: "string", default: CONTESTANTS.join() },
    output: { type: "string", default: join(import.meta.dirname, "results/runtime.json") },
  },
});
const sizes = { records: Number(options.records), latencySeconds: Number(options.seconds) };
const rounds = Number(options.rounds);
const scenarios = options.scenarios.split(",") as Scenario[];
const loadBefore = loadavg()[0];
// What the contestants said and kept stays there when something fails.
process.env.TMPDIR = mkdtempSync(join(tmpdir(), "bramble-bench-"));

console.log("Starting a broker and writing the input");
const broker = await startKafkaBroker();
await fillInputs(broker, scenarios, sizes);
const runs: Run[] = [];
for (let round = 1; round <= rounds; round++) {
  for (const scenario of scenarios) {
    for (const guarantee of options.guarantees.split(",") as Guarantee[]) {
      for (const contestant of options.contestants.split(",") as Contestant[]) {
        const measured = await measure(broker, scenario, contestant, guarantee, sizes);
        runs.push({ round, scenario, guarantee, contestant, measured });
        console.log(`${round}/${rounds} ${scenario} ${guarantee} ${contestant}: ${JSON.stringify(measured)}`);
      }
    }
  }
}
const idle = await measureIdle(broker);
await broker.stop();

const [java] = spawnSync("java", ["-version"], { encoding: "utf8" }).stderr.split("\n");
const results = {
  machine: {
    cores: cpus().length,
    processor: cpus()[0]?.model.trim(),
    memoryGb: Math.round(totalmem() / 1e9),
    node: process.versions.node,
    java,
    kafka: `${kafkaSeries.zookeeper.version}, one broker, on the same cores`,
    // Above the number of cores, others were at work: then only the ratios say something.
    loadAverage: { before: loadBefore, after: loadavg()[0] },
  },
  ...sizes,
  rounds,
  latencyCommitIntervalMs: COMMIT_INTERVAL_MS,
  exactlyOnce: summary(runs, "exactly_once"),
  atLeastOnce: summary(runs, "at_least_once"),
  ...idle,
};
mkdirSync(join(options.output, ".."), { recursive: true });
writeFileSync(options.output, `${JSON.stringify(results, null, 2)}\n`);
// As `make check` wants it.
spawnSync("npx", ["biome", "format", "--write", options.output], {
  cwd: join(import.meta.dirname, ".."),
  stdio: "inherit",
});
console.log(`${options.output}: written`);
rmSync(process.env.TMPDIR, { recursive: true });
process.exit(0);
