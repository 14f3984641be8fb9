import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "./lab.ts";
import { LabError } from "./lab-error.ts";

const patienceMs = 180_000;

/** Does the work while no other bramble process changes the same lab; waits until that process is done. */
export async function whileLocked<T>(lab: Lab, work: () => Promise<T>): Promise<T> {
  const file = join(lab.folder, "lock");
  mkdirSync(lab.folder, { recursive: true });
  const deadline = Date.now() + patienceMs;
  while (!take(file)) {
    if (Date.now() > deadline) {
      const holder = readFileSync(file, "utf8");
      throw new LabError(
        `lab \`${lab.name}\` is being changed by process ${holder}; try again when that process has ended`,
      );
    }
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  // A holder that was killed has left its lock.
  const holder = readHolder(file);
  if (holder !== "" && !existsSync(`/proc/${holder}`)) rmSync(file, { force: true });
  return false;
}

function readHolder(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // Released just now.
  }
}
