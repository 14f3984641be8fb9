import { readFileSync } from "node:fs";
import { isFrozen } from "./cgroup.ts";
import { type LabHost, labHosts } from "./hosts.ts";
import { initPid, insideHost } from "./inside-host.ts";
import type { Lab } from "./lab.ts";
import { cables } from "./network.ts";
import { hostCgroup, isOn } from "./power.ts";
import { tryRun } from "./run.ts";
import { answering } from "./ssh-probing.ts";
import { findSupervisor } from "./supervisor.ts";

export interface HostStatus {
  readonly host: LabHost;
  readonly state: "off" | "on" | "cut" | "frozen";
  /** Whether sshd greets. */
  readonly ssh: boolean;
  /** Names of failed units; undefined when the host cannot be asked. */
  readonly failedUnits?: readonly string[];
  readonly uptimeSeconds?: number;
}

/** How every host of the lab is; undefined when the lab is down. */
export async function status(lab: Lab): Promise<HostStatus[] | undefined> {
  const supervisor = findSupervisor(lab);
  if (!supervisor) return undefined;
  const [answers, plugged] = await Promise.all([answering(supervisor, labHosts, { limitMs: 0 }), cables(supervisor)]);
  return Promise.all(
    labHosts.map((host) => hostStatus(lab, host, answers.has(host), plugged.get(host.name) === "out")),
  );
}

async function hostStatus(lab: Lab, host: LabHost, ssh: boolean, cut: boolean): Promise<HostStatus> {
  if (!isOn(lab, host)) return { host, state: "off", ssh };
  const cgroup = hostCgroup(lab, host);
  const init = initPid(lab, host);
  const uptime = init === undefined ? {} : { uptimeSeconds: uptimeSeconds(init) };
  if (isFrozen(cgroup)) return { host, state: "frozen", ssh, ...uptime };
  const failedUnits = init === undefined ? undefined : await failedUnitsOf(init);
  return { host, state: cut ? "cut" : "on", ssh, ...uptime, ...(failedUnits ? { failedUnits } : {}) };
}

/** Asked from within the host rather than over its network, so that a cut host can be asked too. */
async function failedUnitsOf(init: number): Promise<string[] | undefined> {
  const systemctl = ["systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager"];
  const { code, stdout } = await tryRun([...insideHost(init), ...systemctl], { timeoutMs: 3000 });
  if (code !== 0) return undefined;
  return stdout.split("\n").flatMap((line) => line.trim().split(/\s+/, 1)[0] || []);
}

function uptimeSeconds(pid: number): number {
  // Field 22 of stat, counted behind the name in brackets, is the start in ticks since boot; Linux reports 100 a second.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  const bootedSeconds = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  return Math.max(0, Math.round(bootedSeconds - Number(fields[19]) / 100));
}
