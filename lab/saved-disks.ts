import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { labHosts } from "./hosts.ts";
import type { Lab } from "./lab.ts";
import { LabError } from "./lab-error.ts";

/** What belongs to the disks: without the stack's state and the pinned host keys nobody could go on with them. */
const beside = ["base-image", "known_hosts", "pulumi"];

/** Keeps the disks of a lab that is down, for {@link restoreDisks}. The lab has none afterwards. */
export function saveDisks(lab: Lab, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of beside) cpSync(join(lab.folder, name), join(folder, name), { recursive: true });
  renameSync(lab.disks, join(folder, "disks"));
}

/**
 * Gives a lab that is down the disks as they were saved, as often as one likes: the saved ones stay as they are, under
 * those that the hosts write to.
 */
export function restoreDisks(lab: Lab, folder: string): void {
  rmSync(lab.disks, { recursive: true, force: true });
  for (const { name } of labHosts) {
    const disk = join(lab.disks, name);
    mkdirSync(disk, { recursive: true });
    symlinkSync(join(folder, "disks", name, "upper"), join(disk, "lower"));
  }
  for (const name of beside) {
    rmSync(join(lab.folder, name), { recursive: true, force: true });
    cpSync(join(folder, name), join(lab.folder, name), { recursive: true });
  }
}

/** What is in a file on a host's disk; undefined when neither the disk nor the saved one under it has the file. */
export function readOnDisk(lab: Lab, host: string, path: string): string | undefined {
  for (const layer of ["upper", "lower"]) {
    const file = join(lab.disks, host, layer, path);
    try {
      return readFileSync(file, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw new LabError(`cannot read ${file}`, { cause });
    }
  }
  return undefined;
}
