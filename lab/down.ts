import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import { whileLocked } from "./lock.ts";
import { endPrograms, networkOf } from "./network-programs.ts";
import type { Report } from "./report.ts";
import { findSupervisor, stopSupervisor } from "./supervisor.ts";

export interface DownOptions {
  /** Forget the hosts' disks, the keys that were trusted and what Pulumi knows of this lab. */
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
  // What was started on the lab's network from this machine, by `lab exec` say, would keep that network alive.
  for (const program of network ? await endPrograms(network) : []) report(`ended ${program}, which used its network`);
  report(supervisor ? `lab \`${lab.name}\` is down` : `lab \`${lab.name}\` was not up`);
  if (!wipe) {
    if (existsSync(lab.disks)) {
      report("its disks and its Pulumi state are kept for the next time; `npx bramble lab down --wipe` forgets them");
    }
    return;
  }
  for (const path of [lab.disks, join(lab.folder, "base-image"), lab.knownHosts, lab.pulumiState]) {
    rmSync(path, { recursive: true, force: true });
  }
  report(`forgot the disks of lab \`${lab.name}\`, its trusted host keys and its Pulumi state`);
}
