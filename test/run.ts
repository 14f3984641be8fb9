// Runs jest once for each project, units first, and ends with one plain line that counts the tests of all runs. Given
// arguments, it runs the test files whose path contains one of them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(import.meta.dirname, "..");
const only = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "bramble-test-"));
let passed = 0;
let failed = 0;
let skipped = 0;

for (const project of ["unit", "lab"]) {
  console.log(`Tests of project ${project}`);
  const report = join(folder, `${project}.json`);
  const jest = [
    fileURLToPath(import.meta.resolve("jest/bin/jest")),
    "--selectProjects",
    project,
    "--json",
    "--outputFile",
    report,
    ...(only.length > 0 ? ["--passWithNoTests", "--testPathPatterns", ...only] : []),
  ];
  const { status } = spawnSync(process.execPath, ["--experimental-vm-modules", "--no-warnings", ...jest], {
    cwd: root,
    stdio: "inherit",
  });
  const before = failed;
  try {
    const results = JSON.parse(readFileSync(report, "utf8"));
    passed += results.numPassedTests;
    // A file that does not even load has no tests to count.
    failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
    skipped += results.numPendingTests + results.numTodoTests;
  } catch {
    // Jest ended without a report.
  }
  if (status !== 0 && failed === before) failed += 1;
}

rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
