import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { projectFolder } from "../../../lab/lab.ts";
import { inLab, inLabOk, type RunOptions } from "./programs.ts";
import { type PulumiEvent, type Report, reportOf } from "./pulumi-events.ts";
import { lab } from "./virtual-pis.ts";

/** The stack's own copy of what a user edits: its configuration and its pipeline files. */
export const workspace = join(lab.folder, "workspace");
export const configFile = join(workspace, "Pulumi.rpi.yaml");

export interface PulumiRun extends Report {
  readonly code: number | null;
  readonly seconds: number;
  /** All that Pulumi printed. */
  readonly output: string;
}

/** Generous: a first deployment takes half a minute on an idle machine. */
const limitMs = 300_000;

/** An empty stack `rpi` in the lab's backend, configured as the project's own one. */
export async function newStack(): Promise<void> {
  rmSync(workspace, { recursive: true, force: true });
  mkdirSync(workspace, { recursive: true });
  const { config } = parse(readFileSync(join(projectFolder, "Pulumi.rpi.yaml"), "utf8"));
  writeFileSync(configFile, stringify({ config }));
  // `stack init` has no --config-file and would write into the clone: here it finds a project of the same name.
  writeFileSync(join(workspace, "Pulumi.yaml"), readFileSync(join(projectFolder, "Pulumi.yaml")));
  await inLabOk(["pulumi", "--cwd", workspace, "stack", "init", "rpi"]);
}

/** Sets plain configuration; undefined takes a key away. */
export function configure(settings: Readonly<Record<string, string | undefined>>): void {
  const file = parse(readFileSync(configFile, "utf8")) as { config: Record<string, unknown> };
  for (const [key, value] of Object.entries(settings)) {
    if (value === undefined) delete file.config[`bramble:${key}`];
    else file.config[`bramble:${key}`] = value;
  }
  writeFileSync(configFile, stringify(file));
}

/** As the README tells users to: the secret goes in on standard input. */
export async function configureSecret(key: string, value: string): Promise<void> {
  const set = ["config", "set", "--secret", `bramble:${key}`, "--stack", "rpi", "--config-file", configFile];
  await inLabOk(["pulumi", ...set], { cwd: projectFolder, input: value });
}

/** Pins the hosts' keys with the command that users run. */
export function trust(...hosts: string[]): Promise<string> {
  const { config } = parse(readFileSync(configFile, "utf8")) as { config: Record<string, string> };
  const pipeline = ["--pipeline", config["bramble:pipeline"] ?? ""];
  return inLabOk(["bramble", "trust", ...hosts, "--yes", ...pipeline], { cwd: projectFolder });
}

export const preview = (...flags: string[]) => pulumi(["preview", "--diff", ...flags]);
export const up = (...flags: string[]) => pulumi(["up", "--yes", "--skip-preview", ...flags]);
export const destroy = (...flags: string[]) => pulumi(["destroy", "--yes", "--skip-preview", ...flags]);

/** The same; anything but success is an error with all that Pulumi said. */
export async function mustUp(...flags: string[]): Promise<PulumiRun> {
  return succeeded(await up(...flags));
}

export function succeeded(run: PulumiRun): PulumiRun {
  if (run.code === 0) return run;
  throw new Error(`pulumi: exit code ${run.code}\n${run.output.slice(-6000)}`);
}

/** Runs the CLI in the project folder. Whatever it ends with is a result, as its failures are part of what is tested. */
export async function pulumi(
  [command = "", ...flags]: readonly string[],
  options: RunOptions = {},
): Promise<PulumiRun> {
  const events = join(workspace, "events.json");
  rmSync(events, { force: true });
  const common = ["--stack", "rpi", "--config-file", configFile, "--non-interactive", "--color", "never"];
  const began = performance.now();
  const { code, stdout, stderr } = await inLab(["pulumi", command, ...common, "--event-log", events, ...flags], {
    timeoutMs: limitMs,
    cwd: projectFolder,
    ...options,
    // Among other things this makes the flag --event-log known.
    env: { PULUMI_DEBUG_COMMANDS: "true", ...options.env },
  });
  const seconds = (performance.now() - began) / 1000;
  return { code, seconds, output: stdout + stderr, ...reportOf(readEvents(events)) };
}

/** What Pulumi's engine has said so far; the last line of a run that was killed may be half there. */
export function readEvents(file = join(workspace, "events.json")): PulumiEvent[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as PulumiEvent];
      } catch {
        return [];
      }
    });
}
