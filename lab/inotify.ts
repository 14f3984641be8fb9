import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import type { Report } from "./report.ts";

const setting = "/proc/sys/fs/inotify/max_user_instances";
/** What the systemd, D-Bus, logind and logins of a host hold. */
const perHost = 10;

/**
 * Sees to it that so many more hosts find inotify instances: root has 128 for the whole machine unless someone allowed
 * more, which three labs and a desktop use up, and a host that gets none does not boot.
 */
export function allowInotify(hosts: number, report: Report): void {
  const limit = Number(readFileSync(setting, "utf8"));
  const wanted = inUse() + hosts * perHost;
  if (wanted <= limit) return;
  const raised = Math.max(1024, 2 * wanted);
  try {
    writeFileSync(setting, String(raised));
    report(`raised fs.inotify.max_user_instances from ${limit} to ${raised}, as one more lab needs it`);
  } catch {
    // Not ours to set, in a container say. There may still be enough; if not, the host's console tells.
  }
}

function inUse(): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap(openFiles).filter((target) => target === "anon_inode:inotify").length;
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkOrNothing(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // The process has ended.
  }
}

function readlinkOrNothing(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
