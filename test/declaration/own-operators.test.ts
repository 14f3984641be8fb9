import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { runOffline } from "../../declaration/offline.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bramble-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const pipeline = (apply: string) => `
cluster: { hosts: { rpi0: 10.42.0.250 } }
services:
  pro: { on: rpi0, source: { file: values.txt, every: 0s }, apply: ${apply}, sink: log }
`;

test("an operator in operators/ beside a pipeline anywhere runs, with neighbours of its own", async () => {
  write({
    "here.yaml": pipeline("[{ clamp: { to: 3 } }, round]"),
    "values.txt": "1.2 -7 9",
    "operators/clamp.ts": `
import { map, number } from "bramble/operator";
import { between } from "./between.ts";

export const clamp = map({ params: { to: number() }, value: number(), step: ({ to }, x) => between(-to, x, to) });
`,
    "operators/between.ts":
      "export const between = (low: number, x: number, high: number) => Math.max(low, Math.min(x, high));",
  });
  const loaded = await loadPipeline(join(folder, "here.yaml"));
  expect(loaded.services[0]?.apply[0]).toEqual({
    operator: "clamp",
    params: { to: 3 },
    written: { to: 3 },
    stateful: false,
    stateBasis: {},
    module: join(folder, "operators/clamp.ts"),
  });
  expect((await runOffline(loaded)).sinks.get("pro")?.map((stages) => stages.at(-1))).toEqual([1, -3, 3]);
});

test("mistakes in its text are told with their place in it", async () => {
  const file = join(folder, "here.yaml");
  write({
    "here.yaml": pipeline("[unfinished, lonely]"),
    "values.txt": "1",
    // The end of the text is on line 3, where the parenthesis is missing.
    "operators/unfinished.ts": "export const one = 1;\nexport const two = (1 + one;\n",
    "operators/lonely.ts":
      'import { map } from "bramble/operator";\nimport { x } from "./nowhere.ts";\nexport const y = map(x);\n',
  });
  await expect(loadPipeline(file)).rejects.toThrow(
    [
      `${file}:4:69: services/pro/apply/0: the operator does not build: operators/unfinished.ts:2:28: Expected ")" but found ";"`,
      `${file}:4:81: services/pro/apply/1: the operator does not build: operators/lonely.ts:2:19: Could not resolve "./nowhere.ts"`,
    ].join("\n"),
  );
});

test("a broken operator that no service applies harms nobody", async () => {
  write({ "here.yaml": pipeline("[round]"), "values.txt": "1.2", "operators/broken.ts": "export const" });
  await expect(loadPipeline(join(folder, "here.yaml"))).resolves.toMatchObject({ name: "here" });
});

test("types are checked as the project's are, in neighbours too, and told with all other faults", async () => {
  const file = join(folder, "here.yaml");
  write({
    "here.yaml": pipeline("[{ scaled: { by: 2 } }, { ewma: { alpha: 2 } }]"),
    "values.txt": "1",
    "operators/scaled.ts": `
import { fold, number } from "bramble/operator";
import { half } from "./half.ts";

export const scaled = fold({
  params: { by: number() },
  value: number(),
  initial: null as number | null,
  step: ({ by, to }, s, x) => [s + x, [half(by * x)]],
});
`,
    "operators/half.ts": "export const half = (x: number): number => String(x / 2);",
    "operators/unused.ts": "export const wrong: number = true;",
  });
  await expect(loadPipeline(file, { checkTypes: true })).rejects.toThrow(
    [
      `${file}:4:109: services/pro/apply/1/ewma/alpha: expected a number > 0 and <= 1, found 2`,
      `${join(folder, "operators/half.ts")}:1:44: Type 'string' is not assignable to type 'number'. (TS2322)`,
      `${join(folder, "operators/scaled.ts")}:9:16: Property 'to' does not exist on type '{ by: number; }'. (TS2339)`,
      `${join(folder, "operators/scaled.ts")}:9:32: 's' is possibly 'null'. (TS18047)`,
    ].join("\n"),
  );
  await expect(loadPipeline("pipelines/reference.yaml", { checkTypes: true })).resolves.toMatchObject({
    name: "reference",
  });
}, 60_000);
