import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * What a lab is made of on this machine, looked up in /proc and the control group tree alone, by none of the lab's own
 * code.
 */
export interface Traces {
  /** Every process in the lab's control group, as pid:start time, which is never given twice. */
  readonly processes: readonly string[];
  /** Namespaces that those processes have and this process has not. */
  readonly namespaces: readonly string[];
}

const kinds = ["mnt", "pid", "net", "uts", "ipc", "cgroup"];

export function tracesOf(cgroup: string): Traces {
  const pids = pidsBelow(cgroup);
  const own = new Set(kinds.map((kind) => readlinkSync(`/proc/self/ns/${kind}`)));
  const namespaces = pids.flatMap(namespacesOf).filter((namespace) => !own.has(namespace));
  return { processes: pids.map(identity), namespaces: [...new Set(namespaces)] };
}

/** Those of the traces that are still there. */
export function remaining({ processes, namespaces }: Traces): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const alive = new Set(pids.map(identity));
  const inUse = new Set(pids.flatMap(namespacesOf));
  return [
    ...processes.filter((process) => alive.has(process)),
    ...namespaces.filter((namespace) => inUse.has(namespace)),
  ];
}

/** Mounts of this machine that lie in the folder, or are made from it. */
export function mountsIn(folder: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(folder));
}

function pidsBelow(cgroup: string): string[] {
  if (!existsSync(cgroup)) return [];
  const own = readFileSync(join(cgroup, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
  const folders = readdirSync(cgroup, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...own, ...folders.flatMap((entry) => pidsBelow(join(cgroup, entry.name)))];
}

function identity(pid: string): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return `${pid}:${fields[19]}`;
  } catch {
    return `${pid}:gone`;
  }
}

function namespacesOf(pid: string): string[] {
  return kinds.flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
}
