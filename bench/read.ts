/**
 * How long the refresh of a deployed stack reads: `make bench-read`. On the lab's network it asks the provider for every
 * resource of the stack as Pulumi's engine does, so many at once, from a fresh start: with the cables as they are, and with
 * 20 ms more each way. What the difference makes in round trips is counted from the times.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reading } from "./read-once.ts";

const delayMs = 20;
const times = 5;
const goals = { plain: 1000, delayed: 2000 };
const root = join(import.meta.dirname, "..");
const bramble = join(root, "cli", "bramble");

function run(program: string, args: readonly string[], input?: string): string {
  const { status, stdout } = spawnSync(program, args, {
    ...{ cwd: root, input, encoding: "utf8", maxBuffer: 2 ** 26 },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "inherit"],
  });
  if (status === 0) return stdout;
  throw new Error(`${[program, ...args].join(" ")}: exit code ${status}`);
}

const stack = run(bramble, ["lab", "exec", "--", "pulumi", "stack", "export", "--show-secrets", "--stack", "rpi"]);

function read(what: string): Reading {
  const all = Array.from({ length: times }, (): Reading => {
    const reader = ["lab", "exec", "--", "node", "--no-warnings", join(import.meta.dirname, "read-once.ts")];
    return JSON.parse(run(bramble, reader, stack));
  }).sort((a, b) => a.ms - b.ms);
  const median = all[Math.floor(times / 2)] as Reading;
  const spread = `${Math.round(all[0]?.ms ?? 0)} to ${Math.round(all.at(-1)?.ms ?? 0)} ms`;
  console.log(`${what}: ${Math.round(median.ms)} ms (median of ${times}, ${spread})`);
  return median;
}

const plain = read("As it is");
run(bramble, ["lab", "delay", `${delayMs}ms`]);
let delayed: Reading;
try {
  delayed = read(`With ${delayMs} ms more each way`);
} finally {
  run(bramble, ["lab", "delay", "--mend"]);
}
const roundTrips = Math.round((delayed.ms - plain.ms) / (2 * delayMs));
const { resources, hosts, connections } = plain;
console.log(`${resources} resources on ${hosts} hosts: ${roundTrips} round trips one after the other`);
for (const [server, count] of Object.entries(connections)) console.log(`  ${server}: ${count} connections`);
console.log(`Goals: under ${goals.plain} ms, and under ${goals.delayed} ms`);
const results = join(import.meta.dirname, "results");
mkdirSync(results, { recursive: true });
const result = { resources, hosts, connections, delayMs, plainMs: plain.ms, delayedMs: delayed.ms, roundTrips, goals };
writeFileSync(join(results, "read.json"), `${JSON.stringify(result, undefined, 2)}\n`);
