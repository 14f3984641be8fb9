import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "./seeded-random.ts";
import { pulumi, readEvents, succeeded } from "./stack.ts";

/** A moment to end an `up` at: so many steps done, and then some time. */
export interface Moment {
  readonly steps: number;
  readonly thenMs: number;
  /** Only Pulumi itself, whose helpers then notice by themselves, or it and every process below it. */
  readonly kills: "pulumi" | "everything";
}

/** Gives moments of an `up` that has so many steps, the same ones for the same seed, with something left to do after. */
export function momentsOf(seed: number): (steps: number) => Moment {
  const random = seededRandom(seed);
  return (steps) => ({
    steps: Math.floor(random() * 0.8 * steps),
    thenMs: Math.floor(random() * 500),
    kills: random() < 0.5 ? "pulumi" : "everything",
  });
}

/**
 * Starts an `up` and ends it with SIGKILL at that moment. Gives the number of steps done by then; undefined when it had come to
 * its end.
 */
export async function interruptedUp({ steps, thenMs, kills }: Moment): Promise<number | undefined> {
  let pid = 0;
  const run = pulumi(["up", "--yes", "--skip-preview"], { onStart: (child) => (pid = child.pid ?? 0) });
  let ended = false;
  run.finally(() => (ended = true)).catch(() => {});
  while (!ended && done().length < steps) await sleep(20);
  await sleep(thenMs);
  if (ended) {
    succeeded(await run);
    return undefined;
  }
  const processes = kills === "pulumi" ? [pid] : [pid, ...descendants(pid)];
  for (const each of processes) kill(each);
  await run;
  return done().length;
}

function done(): unknown[] {
  const steps = readEvents().flatMap(({ resOutputsEvent }) => resOutputsEvent?.metadata ?? []);
  return steps.filter(({ op }) => op !== "same" && op !== "refresh");
}

function descendants(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const below = (parent: number): number[] =>
    parents.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return 0; // Gone meanwhile.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone with its parent.
  }
}
