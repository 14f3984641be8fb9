import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LabHost } from "./hosts.ts";
import type { Lab } from "./lab.ts";
import { hostCgroup } from "./power.ts";

/** The host's PID 1, as this machine sees it; undefined while the host is not there. */
export function initPid(lab: Lab, host: LabHost): number | undefined {
  try {
    const [first = ""] = readFileSync(join(initScope(lab, host), "cgroup.procs"), "utf8").split("\n");
    return first === "" ? undefined : Number(first);
  } catch {
    return undefined; // It has not come that far, or has just gone.
  }
}

/** The start of an argv that runs what follows as root inside the host, whatever its network does. */
export function insideHost(init: number): readonly string[] {
  const namespaces = ["mount", "pid", "net", "uts", "ipc"].map((name) => `--${name}`);
  return ["nsenter", `--target=${init}`, ...namespaces, "--root", "--wd", "--"];
}

/** The host's own control group for its PID 1. A process that enters the host belongs here, to freeze and end with it. */
export function initScope(lab: Lab, host: LabHost): string {
  const payload = join(hostCgroup(lab, host), "payload");
  return join(payload, readdirSync(payload).find((name) => name === "init.scope") ?? "");
}
