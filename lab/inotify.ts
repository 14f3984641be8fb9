import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import type { Report } from "./report.ts";

const setting = "/proc/sys/fs/inotify/max_user_instances";
/** The instances that systemd, D-Bus, logind and the logins of a host use. */
const perHost = 10;

/**
 * Makes sure that this many more hosts get inotify instances. By default root has 128 for the whole machine: three labs
 * and a desktop use them up, and a host without instances does not boot.
 */
export function allowInotify(hosts: number, report: Report): void {
  const limit = Number(readFileSync(setting, "utf8"));
  const wanted = inUse() + hosts * perHost;
  if (wanted <= limit) return;
  const raised = Math.max(1024, 2 * wanted);
  try {
    writeFileSync(setting, String(raised));
    report(`raised fs.inotify.max_user_instances from ${limit} to ${raised}, because one more lab needs it`);
  } catch {
    // Read-only, as in some containers. There may still be enough instances; if not, the host's console shows it.
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
