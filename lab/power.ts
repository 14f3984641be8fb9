import { closeSync, constants, existsSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killAll } from "./cgroup.ts";
import type { LabHost } from "./hosts.ts";
import type { Lab } from "./lab.ts";
import { LabError } from "./lab-error.ts";
import { setCable } from "./network.ts";
import { labCgroup, type Supervisor } from "./supervisor.ts";

/** A host is on from the moment its plug is in until everything of it is cleared away. */
export function isOn(lab: Lab, host: LabHost): boolean {
  return existsSync(onFile(lab, host));
}

/** Plugs a host in and does not wait for its boot. */
export function switchOn(lab: Lab, host: LabHost): void {
  writeFileSync(onFile(lab, host), "");
  // Without O_NONBLOCK this would wait for ever for a supervisor that has just ended.
  const pipe = openSync(join(lab.run, "power-on"), constants.O_WRONLY | constants.O_NONBLOCK);
  writeSync(pipe, `${host.name} ${host.address}\n`);
  closeSync(pipe);
}

/** Pulls a host's plug: it gets no chance to say goodbye, and its peers hear silence. */
export async function pullPlug(lab: Lab, supervisor: Supervisor, host: LabHost): Promise<void> {
  // The cable first: dying processes would still reset their connections.
  await setCable(supervisor, host, "out");
  killAll(hostCgroup(lab, host));
  const deadline = Date.now() + 10_000;
  while (isOn(lab, host)) {
    if (Date.now() > deadline) {
      throw new LabError(`${host.name} does not stop; ${hostCgroup(lab, host)} shows the processes that still run`);
    }
    await sleep(20);
  }
}

export function hostCgroup(lab: Lab, host: LabHost): string {
  return join(labCgroup(lab), host.name);
}

export function consoleFile(lab: Lab, host: LabHost): string {
  return join(lab.run, `${host.name}.console`);
}

function onFile(lab: Lab, host: LabHost): string {
  return join(lab.run, `${host.name}.on`);
}
