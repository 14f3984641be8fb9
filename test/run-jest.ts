import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TierName } from "./tiers.ts";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Runs test files of a tier, or all that it has, and shows what jest says. */
export function runJest(tier: TierName, files: readonly string[], environment = process.env): Counts {
  const folder = mkdtempSync(join(tmpdir(), "bramble-test-"));
  const report = join(folder, "report.json");
  const jest = [
    fileURLToPath(import.meta.resolve("jest/bin/jest")),
    "--selectProjects",
    tier,
    "--json",
    "--outputFile",
    report,
    ...(files.length > 0 ? ["--runTestsByPath", ...files] : []),
  ];
  const { status } = spawnSync(process.execPath, ["--experimental-vm-modules", "--no-warnings", ...jest], {
    cwd: join(import.meta.dirname, ".."),
    stdio: "inherit",
    // Tests leave their folders behind, and what they started may still write there when they are over.
    env: { ...environment, TMPDIR: folder },
  });
  const counts = countsOf(report);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function countsOf(report: string): Counts {
  try {
    const results = JSON.parse(readFileSync(report, "utf8"));
    return {
      passed: results.numPassedTests,
      // A file that does not even load has no tests to count.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }; // Jest ended without a report.
  }
}
