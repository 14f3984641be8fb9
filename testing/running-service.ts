import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceCommand } from "../provisioning/service-command.ts";
import { bundleService } from "../runtime/bundle.ts";
import type { ServiceSpec } from "../runtime/service-spec.ts";
import { eventually } from "./eventually.ts";

/** A service as it runs on a Pi: its bundle in a process of its own, told to report to a systemd that only takes notes. */
export interface RunningService {
  readonly name: string;
  /** Of its process. */
  readonly pid: number;
  /** Lines of standard output: what the log sink printed. */
  printed(): string[];
  /** What it said to the journal. */
  journal(): string;
  /** What it said to systemd, one call a line. */
  notifications(): string;
  isRunning(): boolean;
  ready(): Promise<void>;
  /** Gives the exit status, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
  /** Sends it a signal that it outlives, SIGSTOP or SIGCONT. */
  signal(signal: NodeJS.Signals): void;
  exit(): Promise<number | string>;
}

const projectRoot = process.cwd();
const running = new Set<ChildProcess>();
process.once("exit", killServices);

export function killServices(): void {
  for (const child of running) child.kill("SIGKILL");
}

export interface StartOptions {
  readonly files?: Record<string, string>;
  /** Path of an operator's module, by its name, where it is none of bramble's. */
  readonly operators?: Record<string, string>;
  readonly env?: Record<string, string>;
  /** Which replica it is, from 1: each has a cache folder of its own, which outlives the process. */
  readonly replica?: number;
}

const folders = new Map<string, string>();

/** The folder that systemd would give it (CacheDirectory=). */
export function cacheOf(spec: Pick<ServiceSpec, "groupId">, replica = 1): string {
  return folderOf("cache", spec, replica);
}

/** The folder for the file of its sink (StateDirectory=). */
export function stateOf(spec: Pick<ServiceSpec, "groupId">, replica = 1): string {
  return folderOf("state", spec, replica);
}

/** Whole lines of a file of its sink; none before it is there. */
export function linesOf(spec: Pick<ServiceSpec, "groupId">, name: string): string[] {
  const path = join(stateOf(spec), name);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}

function folderOf(kind: string, { groupId }: Pick<ServiceSpec, "groupId">, replica: number): string {
  const name = `${kind} ${groupId}@${replica}`;
  const folder = folders.get(name) ?? mkdtempSync(join(tmpdir(), `bramble-${kind}-`));
  folders.set(name, folder);
  return folder;
}

export async function startService(spec: ServiceSpec, options: StartOptions = {}): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), `bramble-${spec.name}-`));
  const filters = spec.output.kind === "branches" ? spec.output.branches.flatMap(({ when }) => when ?? []) : [];
  const operatorModules = Object.fromEntries(
    [...spec.apply, ...filters].map(({ operator }) => [
      operator,
      options.operators?.[operator] ?? join(projectRoot, `operators/${operator}.ts`),
    ]),
  );
  const { code } = await bundleService({ spec, operatorModules, projectRoot });
  writeFileSync(join(folder, "service.mjs"), code);
  for (const [name, content] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), content);
  const notes = join(folder, "notifications");
  writeFileSync(notes, "");
  writeFileSync(join(folder, "systemd-notify"), `#!/bin/sh\necho "$@" >> ${notes}\n`, { mode: 0o755 });

  const { NODE_OPTIONS: _, ...environment } = process.env;
  const { replica = 1 } = options;
  const [program = "", ...args] = serviceCommand(process.execPath, folder, replica);
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...environment,
      PATH: `${folder}:${environment.PATH}`,
      NOTIFY_SOCKET: join(folder, "notify"),
      CACHE_DIRECTORY: cacheOf(spec, replica),
      STATE_DIRECTORY: stateOf(spec, replica),
      ...options.env,
    },
  });
  running.add(child);
  let printed = "";
  let journal = "";
  child.stdout.on("data", (data) => {
    printed += data;
  });
  child.stderr.on("data", (data) => {
    journal += data;
  });
  const exit = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve(signal ?? code ?? -1);
    });
  });
  const notifications = () => readFileSync(notes, "utf8");
  return {
    name: spec.name,
    pid: child.pid ?? 0,
    printed: () => printed.split("\n").slice(0, -1),
    journal: () => journal,
    notifications,
    isRunning: () => running.has(child),
    ready: () =>
      eventually(
        () => notifications().includes("READY=1"),
        () => `${spec.name} is not ready: ${journal}`,
      ),
    stop: (signal = "SIGTERM") => {
      child.kill(signal);
      return exit;
    },
    signal: (signal) => void child.kill(signal),
    exit: () => exit,
  };
}

/** Starts services together and waits until all are ready. */
export async function startReady(specs: readonly ServiceSpec[], options: StartOptions = {}): Promise<RunningService[]> {
  const services = await Promise.all(specs.map((spec) => startService(spec, options)));
  await Promise.all(services.map((each) => each.ready()));
  return services;
}

/** What services printed and said, to be told when something does not come about. */
export function journals(services: readonly RunningService[]): () => string {
  return () => services.map((each) => `${each.name}: ${each.printed()} ${each.journal()}`).join("\n");
}
