// Runs jest once for each project, units first, and ends with one plain line that counts the tests of all runs. Given
// arguments, it runs the test files whose path contains one of them.
import { runJest } from "./run-jest.ts";

const runs = (["unit", "lab"] as const).map((project) => {
  console.log(`Tests of project ${project}`);
  return runJest(project, process.argv.slice(2));
});
const [passed, failed, skipped] = (["passed", "failed", "skipped"] as const).map((key) =>
  runs.reduce((sum, counts) => sum + counts[key], 0),
) as [number, number, number];

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
