// Runs the tiers of tests one after the other, the quickest first, and ends with one plain line that counts the tests of
// all. Brings beforehand what a tier needs, and only if it runs. Given texts, it runs the test files whose path contains
// one of them; given --tier=unit, that tier alone.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Counts, runJest } from "./run-jest.ts";
import { filesOf, type Tier, tiers } from "./tiers.ts";

const { values, positionals: only } = parseArgs({ options: { tier: { type: "string" } }, allowPositionals: true });
const chosen = tiers.filter(({ name }) => values.tier === undefined || values.tier === name);
if (chosen.length === 0) {
  console.error(`There is no tier ${values.tier}. Tiers: ${tiers.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}

const durations: string[] = [];
const runs = chosen.flatMap((tier) => {
  const files = filesOf(tier, only);
  if (files.length === 0) return [];
  console.log(`Tests of tier ${tier.name}`);
  if (!setUp(tier)) return [{ passed: 0, failed: 1, skipped: 0 }];
  const began = performance.now();
  const counts = runJest(tier.name, only.length > 0 ? files : []);
  durations.push(`${tier.name}: ${Math.round((performance.now() - began) / 1000)} s, ${sentence(counts)}`);
  return [counts];
});
const sum = (key: keyof Counts) => runs.reduce((total, counts) => total + counts[key], 0);
const all = { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };

console.log(`\n${durations.join("\n")}`);
console.log(sentence(all));
process.exit(all.failed === 0 && all.passed > 0 ? 0 : 1);

function setUp({ setUp }: Tier): boolean {
  const cwd = join(import.meta.dirname, "..");
  return setUp.every((command) => spawnSync(command, { cwd, shell: true, stdio: "inherit" }).status === 0);
}

function sentence({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
