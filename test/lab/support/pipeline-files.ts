import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../../lab/lab.ts";
import { workspace } from "./stack.ts";

/** Where the services of `kafka_chaining` run. */
export const chaining = { pro: "rpi0", con1: "rpi1", con2: "rpi2", out_ewma: "rpi2", con3: "rpi3", out_avg: "rpi3" };

/** A pipeline of the project with some of its text replaced; every replacement must find something. */
export function edited(name: string, ...edits: readonly (readonly [from: string, to: string])[]): string {
  const text = readFileSync(join(projectFolder, "pipelines", `${name}.yaml`), "utf8");
  return edits.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`pipelines/${name}.yaml: has no \`${from}\` to edit`);
    return before.replaceAll(from, to);
  }, text);
}

/** Records follow each other at once where waiting for them proves nothing. */
export const fast: readonly [string, string] = ["every: 3s", "every: 100ms"];

/** Writes a pipeline file beside copies of the project's data; the file's path. */
export function writePipeline(name: string, text: string): string {
  const folder = join(workspace, "pipelines");
  mkdirSync(folder, { recursive: true });
  cpSync(join(projectFolder, "data"), join(workspace, "data"), { recursive: true });
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, text);
  return file;
}

/** Writes an operator of the user's own beside the pipeline files. */
export function writeOperator(name: string, source: string): void {
  const folder = join(workspace, "pipelines", "operators");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.ts`), source);
}
