import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Names the network namespace of a process; undefined when the process is gone. */
export function networkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

/**
 * Ends every program that runs in the network namespace, but not this one nor what it was started from.
 * @returns what was ended, as `name (pid)`
 */
export async function endPrograms(network: string): Promise<string[]> {
  const spared = ancestors(process.pid);
  const programs = pids().filter((pid) => networkOf(pid) === network && !spared.includes(pid));
  const names = programs.map((pid) => `${nameOf(pid)} (pid ${pid})`);
  // Shells take no notice of SIGTERM, but do of a terminal that goes away.
  for (const pid of programs) signal(pid, "SIGHUP", "SIGTERM");
  const deadline = Date.now() + 2000;
  while (programs.some((pid) => networkOf(pid) === network) && Date.now() < deadline) await sleep(20);
  for (const pid of programs) if (networkOf(pid) === network) signal(pid, "SIGKILL");
  return names;
}

function pids(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function ancestors(pid: number): number[] {
  const parent = existsSync(`/proc/${pid}/status`)
    ? Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
    : 0;
  return parent > 0 ? [pid, ...ancestors(parent)] : [pid];
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "a program";
  }
}

function signal(pid: number, ...signals: NodeJS.Signals[]): void {
  try {
    for (const name of signals) process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // Gone already.
  }
}
