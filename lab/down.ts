import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import { whileLocked } from "./lock.ts";
import { endPrograms, networkOf } from "./network-programs.ts";
import type { Report } from "./report.ts";
import { findSupervisor, stopSupervisor } from "./supervisor.ts";

export interface DownOptions {
  /** Also delete the hosts' disks, the trusted host keys and the lab's Pulumi state. */
  readonly wipe?: boolean;
  readonly report?: Report;
}

/** Pulls every plug at once and leaves no process, mount, namespace, interface or control group. */
export function down(lab: Lab, options: DownOptions = {}): Promise<void> {
  return whileLocked(lab, () => takeDown(lab, options));
}

async function takeDown(lab: Lab, { wipe = false, report = () => {} }: DownOptions): Promise<void> {
  const supervisor = findSupervisor(lab);
  const network = supervisor && networkOf(supervisor.pid);
  await stopSupervisor(lab);
  // A program that was started on the lab's network from this machine, by `lab exec` for example, would keep it alive.
  for (const program of network ? await endPrograms(network) : [])
    report(`stopped ${program}, which used the lab's network`);
  report(supervisor ? `lab \`${lab.name}\` is down` : `lab \`${lab.name}\` was not up`);
  if (!wipe) {
    if (existsSync(lab.disks)) {
      report("its disks and its Pulumi state are kept; `npx bramble lab down --wipe` deletes them");
    }
    return;
  }
  for (const path of [lab.disks, join(lab.folder, "base-image"), lab.knownHosts, lab.pulumiState]) {
    rmSync(path, { recursive: true, force: true });
  }
  report(`deleted the disks of lab \`${lab.name}\`, its trusted host keys and its Pulumi state`);
}
