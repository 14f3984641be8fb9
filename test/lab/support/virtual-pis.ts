import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { down } from "../../../lab/down.ts";
import { type LabHost, labHosts } from "../../../lab/hosts.ts";
import { openLab, prepareLab } from "../../../lab/lab.ts";
import { findSupervisor } from "../../../lab/supervisor.ts";
import { up } from "../../../lab/up.ts";

/** The lab that all files of the end-to-end tests share which this worker of Jest runs. */
export const lab = openLab(`${process.env.BRAMBLE_TEST_LAB || "test"}-${process.env.JEST_WORKER_ID}`);

export const hosts: readonly string[] = labHosts.map(({ name }) => name);

/** Who booted it. Jest gives each file modules of its own, so that only the disk can tell. */
const mark = join(lab.folder, "jest-pid");

/** Four Pis as they come out of the box; nothing was ever deployed to them. */
export async function flashAll(): Promise<void> {
  await down(lab, { wipe: true });
  await boot();
}

/** Boots those Pis that are off, with the disks that they have. They do not outlive this process. */
export async function boot(): Promise<void> {
  prepareLab(lab);
  await up(lab, { owner: process.pid });
  writeFileSync(mark, String(process.pid));
}

/** Whether the Pis are as an earlier file of this run left them. */
export function isOfThisRun(): boolean {
  return findSupervisor(lab) !== undefined && readMark() === String(process.pid);
}

/** What a file has done to the Pis (another password, say) is nothing for the next one: it gets other disks. */
export function leaveToNobody(): void {
  rmSync(mark, { force: true });
}

export function hostOf(name: string): LabHost {
  const host = labHosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`${name}: the lab has no such host`);
  return host;
}

function readMark(): string {
  try {
    return readFileSync(mark, "utf8");
  } catch {
    return "";
  }
}
