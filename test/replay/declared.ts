import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import type { Pipeline } from "../../declaration/pipeline.ts";
import { ownName } from "../../testing/topics.ts";

let count = 0;

/** A pipeline from lines of YAML and operators of its own, by name; it has a consumer group that no other test has. */
export async function declared(
  lines: readonly string[],
  operators: Readonly<Record<string, string>> = {},
  { cluster = "{ hosts: { rpi0: 127.0.0.1 } }", name = ownName(`replay${++count}`) } = {},
): Promise<{ readonly file: string; readonly pipeline: Pipeline }> {
  const folder = mkdtempSync(join(tmpdir(), "bramble-replay-"));
  const file = join(folder, `${name}.yaml`);
  mkdirSync(join(folder, "operators"));
  for (const [name, text] of Object.entries(operators)) writeFileSync(join(folder, "operators", `${name}.ts`), text);
  writeFileSync(file, [`cluster: ${cluster}`, ...lines].join("\n"));
  return { file, pipeline: await loadPipeline(file) };
}
