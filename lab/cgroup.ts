import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LabError } from "./lab-error.ts";

/** Where this machine mounts control groups version 2: /sys/fs/cgroup, or a folder below it on a hybrid layout. */
export function cgroupRoot(mountinfo: string = readFileSync("/proc/self/mountinfo", "utf8")): string {
  for (const line of mountinfo.split("\n")) {
    const [mount = "", filesystem = ""] = line.split(" - ");
    const [, , , root, mountPoint] = mount.split(" ");
    if (filesystem.startsWith("cgroup2 ") && root === "/" && mountPoint) return mountPoint;
  }
  throw new LabError(
    "the lab's hosts need cgroup2, but this machine has no cgroup2 mounted; run `mount -t cgroup2 cgroup2 /sys/fs/cgroup`",
  );
}

/** Whether any process is left in the group or below it. */
export function isPopulated(cgroup: string): boolean {
  return readCgroupFile(cgroup, "cgroup.events").includes("populated 1");
}

export function isFrozen(cgroup: string): boolean {
  return readCgroupFile(cgroup, "cgroup.freeze").trim() === "1";
}

export function freeze(cgroup: string, frozen: boolean): void {
  writeFileSync(join(cgroup, "cgroup.freeze"), frozen ? "1" : "0");
}

/** Ends every process of the group at once, frozen ones too; they cannot see it coming. */
export function killAll(cgroup: string): void {
  if (existsSync(cgroup)) writeFileSync(join(cgroup, "cgroup.kill"), "1");
}

/** Removes the group and all below it; true once nothing is left. */
export function removeCgroup(cgroup: string): boolean {
  try {
    for (const entry of readdirSync(cgroup, { withFileTypes: true })) {
      if (entry.isDirectory()) removeCgroup(join(cgroup, entry.name));
    }
    rmdirSync(cgroup);
  } catch {
    // Busy until the kernel has buried the last process; the caller looks again.
  }
  return !existsSync(cgroup);
}

function readCgroupFile(cgroup: string, file: string): string {
  try {
    return readFileSync(join(cgroup, file), "utf8");
  } catch {
    return ""; // The group is gone, and with it its processes.
  }
}
