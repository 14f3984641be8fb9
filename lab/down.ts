import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import type { Report } from "./report.ts";
import { findSupervisor, stopSupervisor } from "./supervisor.ts";

export interface DownOptions {
  /** Forget the hosts' disks, the keys that were trusted and what Pulumi knows of this lab. */
  readonly wipe?: boolean;
  readonly report?: Report;
}

/** Pulls every plug at once and leaves no process, mount, namespace, interface or control group. */
export async function down(lab: Lab, { wipe = false, report = () => {} }: DownOptions = {}): Promise<void> {
  const wasUp = findSupervisor(lab) !== undefined;
  await stopSupervisor(lab);
  report(wasUp ? `lab \`${lab.name}\` is down` : `lab \`${lab.name}\` was not up`);
  if (!wipe) return;
  for (const path of [lab.disks, join(lab.folder, "base-image"), lab.knownHosts, lab.pulumiState]) {
    rmSync(path, { recursive: true, force: true });
  }
  report(`forgot the disks of lab \`${lab.name}\`, its trusted host keys and its Pulumi state`);
}
