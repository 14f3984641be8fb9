import { rmSync } from "node:fs";
import { join } from "node:path";
import { freeze as freezeCgroup, isFrozen } from "./cgroup.ts";
import type { LabHost } from "./hosts.ts";
import type { Lab } from "./lab.ts";
import { LabError } from "./lab-error.ts";
import { whileLocked } from "./lock.ts";
import { type Cable, cables, setCable } from "./network.ts";
import { hostCgroup, isOn, pullPlug, switchOn } from "./power.ts";
import type { Report } from "./report.ts";
import { requireSupervisor, type Supervisor } from "./supervisor.ts";
import { answersSsh } from "./up.ts";

/** Pulls the host's plug. Its disk stays as the last write left it. */
export async function kill(lab: Lab, host: LabHost): Promise<void> {
  await whileLocked(lab, () => pullPlug(lab, requireOn(lab, host), host));
}

/** Plugs the host in again and waits until it answers ssh. */
export function start(lab: Lab, host: LabHost, report: Report = () => {}): Promise<void> {
  return whileLocked(lab, () => plugIn(lab, host, report));
}

async function plugIn(lab: Lab, host: LabHost, report: Report): Promise<void> {
  const supervisor = requireSupervisor(lab);
  if (isOn(lab, host)) throw new LabError(`${host.name} is already on; \`npx bramble lab status\` shows its state`);
  switchOn(lab, host);
  await answersSsh(lab, supervisor, [host], report);
}

/** Takes the host's network cable out, or puts it back. The host runs on. */
export async function cut(lab: Lab, host: LabHost, mend = false): Promise<void> {
  const supervisor = requireOn(lab, host);
  const wanted: Cable = mend ? "in" : "out";
  if ((await cables(supervisor)).get(host.name) === wanted) {
    throw new LabError(
      mend
        ? `${host.name}'s cable is plugged in; there is nothing to mend`
        : `${host.name}'s cable is already cut; mend it with \`npx bramble lab cut ${host.name} --mend\``,
    );
  }
  await setCable(supervisor, host, wanted);
}

/** Stops every process of the host where it stands, as a hung machine does: its kernel still accepts connections. */
export async function freeze(lab: Lab, host: LabHost, thaw = false): Promise<void> {
  requireOn(lab, host);
  const cgroup = hostCgroup(lab, host);
  if (isFrozen(cgroup) !== thaw) {
    throw new LabError(
      thaw
        ? `${host.name} is not frozen; there is nothing to thaw`
        : `${host.name} is already frozen; thaw it with \`npx bramble lab freeze ${host.name} --thaw\``,
    );
  }
  freezeCgroup(cgroup, !thaw);
}

/** Gives the host a new, empty disk and boots it: all that was on it is gone, and its host keys are new. */
export function reflash(lab: Lab, host: LabHost, report: Report = () => {}): Promise<void> {
  return whileLocked(lab, async () => {
    const supervisor = requireSupervisor(lab);
    if (isOn(lab, host)) await pullPlug(lab, supervisor, host);
    rmSync(join(lab.disks, host.name), { recursive: true, force: true });
    await plugIn(lab, host, report);
  });
}

function requireOn(lab: Lab, host: LabHost): Supervisor {
  const supervisor = requireSupervisor(lab);
  if (isOn(lab, host)) return supervisor;
  throw new LabError(`${host.name} is off; plug it in with \`npx bramble lab start ${host.name}\``);
}
