import { basename } from "node:path";
import TestSequencer from "@jest/test-sequencer";

/** What takes longest in the lab, as measured. Jest goes by the size of a file that it has not run before. */
const longest = [
  "kraft",
  "lost-hosts",
  "impact",
  "drift-table",
  "interrupted",
  "destroy",
  "broken-release",
  "crashes",
  "deployment",
  "rolling-restart",
].map((name) => `${name}.test.ts`);

/** Orders test files so that no worker is left alone at the end with a long one. */
export default class LongestFirst extends TestSequencer {
  async sort(tests) {
    const rank = ({ path }) => longest.indexOf(basename(path)) + 1 || Number.MAX_VALUE;
    // Array's sort is stable: the others stay as Jest has them.
    return [...(await super.sort(tests))].sort((a, b) => rank(a) - rank(b));
  }
}
