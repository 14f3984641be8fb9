import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { LabError } from "./lab-error.ts";

/** Where a named lab keeps its things. Opening a lab touches nothing. */
export interface Lab {
  readonly name: string;
  /** The lab's folder; every path below lies in it. */
  readonly folder: string;
  /** One folder a host: what it has written since it was flashed, over the shared base image. */
  readonly disks: string;
  /** What exists only while the lab is up: the supervisor's pid, its command pipe, the consoles. */
  readonly run: string;
  /** Pulumi's file backend for deployments to this lab. */
  readonly pulumiState: string;
  /** Host keys that `bramble trust` has pinned for this lab. */
  readonly knownHosts: string;
  /** Private key that every host of the lab lets in as `pi`. */
  readonly clientKey: string;
  /** Name of the lab's control group, its own on this machine whatever other clones and labs run. */
  readonly cgroup: string;
}

/** The clone that this file lies in. */
export const projectFolder = resolve(import.meta.dirname, "..");

/** @param name of the lab; by default what BRAMBLE_LAB says, else `default`. */
export function openLab(name: string = process.env.BRAMBLE_LAB || "default"): Lab {
  if (!/^[a-z][a-z0-9-]{0,23}$/.test(name)) {
    throw new LabError(
      `\`${name}\` is not a valid name for a lab; use a lower-case letter and up to 23 more letters, digits or dashes`,
    );
  }
  const folder = join(projectFolder, ".lab", name);
  const clone = createHash("sha256").update(projectFolder).digest("hex").slice(0, 8);
  return {
    name,
    folder,
    disks: join(folder, "disks"),
    run: join(folder, "run"),
    pulumiState: join(folder, "pulumi"),
    knownHosts: join(folder, "known_hosts"),
    clientKey: join(folder, "id_ed25519"),
    cgroup: `bramble-lab-${clone}-${name}`,
  };
}

/** Creates the files that must belong to the user of the lab. Call it before any part of the work is done as root. */
export function prepareLab(lab: Lab): void {
  mkdirSync(lab.pulumiState, { recursive: true });
  if (existsSync(lab.clientKey)) return;
  const comment = `bramble lab ${lab.name}`;
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", lab.clientKey]);
}
