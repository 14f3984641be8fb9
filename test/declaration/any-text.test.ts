import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { PipelineError } from "../../declaration/diagnostic.ts";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { runOffline } from "../../declaration/offline.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bramble-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const whole = readFileSync("pipelines/reference.yaml", "utf8")
  .replaceAll("../data/", `${resolve("data")}/`)
  .replace(/^ *#.*\n/gm, "")
  .replace("      - limit-step: { to: 1 }\n", "");
const lines = whole.split("\n");

/** Pieces that mean something to YAML or to the schema, where they were not expected. */
const pieces = fc.constantFrom(
  ..."{}[]:,-?&*!|>'\"%@#~\t\n ".split(""),
  "null",
  "true",
  ".nan",
  ".inf",
  "-1",
  "1e400",
  "[]",
  "{}",
  "<<: *x",
  "&x",
  "*x",
  "__proto__",
  "constructor",
  "toString",
  "hosts",
  "services",
  "sensor",
  "readings",
  "ewma",
  "\u0000",
  "\ufeff",
  "ä",
  "😀",
);

const edited = fc.oneof(
  fc
    .tuple(fc.nat(whole.length), fc.nat(12), pieces)
    .map(([at, cut, piece]) => whole.slice(0, at) + piece + whole.slice(at + cut)),
  fc
    .tuple(fc.nat(lines.length - 1), fc.nat(lines.length - 1))
    .map(([from, to]) => lines.toSpliced(to, 0, lines[from] ?? "").join("\n")),
  fc.nat(lines.length - 1).map((at) => lines.toSpliced(at, 1).join("\n")),
  fc
    .tuple(fc.nat(lines.length - 1), fc.nat(8))
    .map(([at, by]) => lines.with(at, " ".repeat(by) + lines[at]?.trim()).join("\n")),
  fc
    .tuple(fc.nat(lines.length - 1), pieces)
    .map(([at, piece]) => lines.with(at, (lines[at] ?? "").replace(/:.*/, `: ${piece}`)).join("\n")),
  fc.string({ unit: "binary" }),
);

test("whatever a file says, it is either a pipeline that runs, or refused with places that are in it", async () => {
  const file = join(folder, "p.yaml");
  const outcomes = { loaded: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(edited, async (text) => {
      writeFileSync(file, text);
      try {
        await runOffline(await loadPipeline(file));
        outcomes.loaded++;
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error;
        outcomes.refused++;
        expect(error.diagnostics.length).toBeGreaterThan(0);
        const rows = readFileSync(file, "utf8").split("\n");
        for (const { line, col, message } of error.diagnostics) {
          if (line === undefined || col === undefined) {
            expect(message).toMatch(/^the file is empty; expected cluster, topics and services/);
            continue;
          }
          expect(line).toBeLessThanOrEqual(rows.length);
          expect(col - 1).toBeLessThanOrEqual(rows[line - 1]?.length ?? 0);
          expect(message).toMatch(/^expected .*, found |^not YAML: |^(?!expected).+(; | valid \w+ name: it needs )/s);
        }
      }
    }),
    { numRuns: 400 },
  );
  expect(outcomes.loaded).toBeGreaterThan(0);
  expect(outcomes.refused).toBeGreaterThan(0);
}, 60_000);
