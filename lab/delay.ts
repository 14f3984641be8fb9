import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { labHosts } from "./hosts.ts";
import type { Lab } from "./lab.ts";
import { LabError } from "./lab-error.ts";
import { whileLocked } from "./lock.ts";
import { inLabNetwork } from "./network.ts";
import { isOn } from "./power.ts";
import { requireSupervisor } from "./supervisor.ts";

const program = join(import.meta.dirname, "slow-cables.py");

/** Delays every packet of the hosts that are on by `ms`, each way. Replaces an earlier delay. */
export function delay(lab: Lab, ms: number): Promise<void> {
  return whileLocked(lab, async () => {
    const supervisor = requireSupervisor(lab);
    await end(lab);
    const hosts = labHosts.filter((host) => isOn(lab, host)).map(({ name }) => name);
    const [nsenter = "", ...args] = [...inLabNetwork(supervisor), "/usr/bin/python3", program, String(ms), ...hosts];
    const logFile = join(lab.run, "delay.log");
    const log = openSync(logFile, "w");
    const relay = spawn(nsenter, args, { detached: true, stdio: ["ignore", "pipe", log] });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      relay.once("error", reject);
      relay.once("exit", () => reject(new LabError(`cannot delay the packets: ${read(logFile).trim()}`)));
      relay.stdout?.once("data", () => resolve());
    });
    writeFileSync(pidFile(lab), String(relay.pid));
    relay.stdout?.destroy();
    relay.unref();
  });
}

/** Removes the delay. */
export function mendDelay(lab: Lab): Promise<void> {
  return whileLocked(lab, async () => {
    requireSupervisor(lab);
    if (!(await end(lab))) throw new LabError("there is no delay; there is nothing to mend");
  });
}

/** @returns whether there was a delay. */
async function end(lab: Lab): Promise<boolean> {
  const pid = Number(read(pidFile(lab)));
  rmSync(pidFile(lab), { force: true });
  // A pid file may outlive its process and name a stranger.
  const runs = () => pid > 0 && read(`/proc/${pid}/cmdline`).split("\0").includes(program);
  if (!runs()) return false;
  process.kill(pid, "SIGTERM");
  while (runs()) await sleep(10);
  return true;
}

function pidFile(lab: Lab): string {
  return join(lab.run, "delay.pid");
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
