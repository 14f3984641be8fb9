import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cgroupRoot, isPopulated, killAll, removeCgroup } from "./cgroup.ts";
import { gatewayAddress } from "./hosts.ts";
import type { Lab } from "./lab.ts";
import { LabError } from "./lab-error.ts";

/** The process that holds a lab up: PID 1 of its namespaces. */
export interface Supervisor {
  /** Its pid as this machine sees it. */
  readonly pid: number;
}

/** The lab's supervisor, or undefined when the lab is down. */
export function findSupervisor(lab: Lab): Supervisor | undefined {
  const pid = Number(readOrEmpty(join(lab.run, "supervisor.pid")));
  // A pid file may outlive its process and name a stranger: the run folder in the environment is proof.
  if (!pid || !readOrEmpty(`/proc/${pid}/environ`).split("\0").includes(`RUN=${lab.run}`)) return undefined;
  return { pid };
}

export function requireSupervisor(lab: Lab): Supervisor {
  const supervisor = findSupervisor(lab);
  if (supervisor) return supervisor;
  throw new LabError(`lab \`${lab.name}\` is not up; start it with \`npx bramble lab up\``);
}

/**
 * @param layers folders that every host's disk lies over, the uppermost first; the last one is a whole root file system
 * @param owner pid of a process that the lab shall not outlive, however that process ends
 */
export async function startSupervisor(lab: Lab, layers: readonly string[], owner?: number): Promise<Supervisor> {
  await clearAway(lab);
  mkdirSync(lab.run, { recursive: true });
  mkdirSync(lab.disks, { recursive: true });
  const logFile = join(lab.run, "supervisor.log");
  const log = openSync(logFile, "w");
  const ownerProc = owner === undefined ? [] : [openSync(`/proc/${owner}`, "r")];
  const unshare = spawn(
    "unshare",
    // The kernel ends PID 1 of the namespaces with `unshare`, and everything in them with PID 1.
    [
      ...["--mount", "--pid", "--net", "--fork", "--kill-child=KILL", "--mount-proc", "--propagation", "private"],
      ...["bash", join(import.meta.dirname, "supervisor.sh")],
    ],
    {
      detached: true,
      stdio: ["ignore", log, log, ...ownerProc],
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        RUN: lab.run,
        DISKS: lab.disks,
        LAYERS: layers.join(":"),
        BASE: layers.at(-1),
        CGROUP: lab.cgroup,
        GATEWAY: gatewayAddress,
        CLIENT_KEY: readFileSync(`${lab.clientKey}.pub`, "utf8").trim(),
        OWNED: owner === undefined ? "" : "1",
      },
    },
  );
  for (const descriptor of [log, ...ownerProc]) closeSync(descriptor);
  const failed = new Promise<never>((_, reject) => {
    unshare.once("error", reject);
    unshare.once("exit", (code) =>
      reject(new LabError(`the lab's supervisor ended (exit code ${code}): ${readOrEmpty(logFile).trim()}`)),
    );
  });
  await Promise.race([failed, appears(join(lab.run, "ready"))]);
  unshare.removeAllListeners();
  unshare.unref();
  const pid = Number(readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, "utf8").trim());
  writeFileSync(join(lab.run, "supervisor.pid"), String(pid));
  return { pid };
}

/** Ends the supervisor and with it everything in its namespaces, and clears away what an ended lab leaves. */
export async function stopSupervisor(lab: Lab): Promise<void> {
  const supervisor = findSupervisor(lab);
  if (supervisor) {
    // `unshare`, which waits for it outside, goes last.
    const outside = /^PPid:\s*(\d+)/m.exec(readOrEmpty(`/proc/${supervisor.pid}/status`))?.[1];
    process.kill(supervisor.pid, "SIGKILL");
    while (outside && readOrEmpty(`/proc/${outside}/cmdline`).startsWith("unshare\0")) await sleep(5);
  }
  await clearAway(lab);
}

/** Empty control groups and the run folder are all that is left of a lab whose supervisor is dead. */
async function clearAway(lab: Lab): Promise<void> {
  const cgroup = labCgroup(lab);
  killAll(cgroup);
  const deadline = Date.now() + 10_000;
  while (isPopulated(cgroup) || (existsSync(cgroup) && !removeCgroup(cgroup))) {
    if (Date.now() > deadline) {
      throw new LabError(
        `some processes of lab \`${lab.name}\` do not end; ${cgroup}/cgroup.procs and the groups below it list them`,
      );
    }
    await sleep(20);
  }
  rmSync(lab.run, { recursive: true, force: true });
}

export function labCgroup(lab: Lab): string {
  return join(cgroupRoot(), lab.cgroup);
}

async function appears(file: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!existsSync(file)) {
    if (Date.now() > deadline) throw new LabError(`the lab's supervisor did not create ${file} within 10 s`);
    await sleep(10);
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
