import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBaseImage, ensureKafkaClasses } from "./base-image.ts";
import { isFrozen } from "./cgroup.ts";
import { type LabHost, labHosts } from "./hosts.ts";
import { allowInotify } from "./inotify.ts";
import type { Lab } from "./lab.ts";
import { LabError } from "./lab-error.ts";
import { whileLocked } from "./lock.ts";
import { cables } from "./network.ts";
import { consoleFile, hostCgroup, isOn, switchOn } from "./power.ts";
import { requirePrograms } from "./programs.ts";
import { type Report, seconds } from "./report.ts";
import { answering } from "./ssh-probing.ts";
import { findSupervisor, type Supervisor, startSupervisor } from "./supervisor.ts";

const bootLimitMs = 90_000;

export interface UpOptions {
  /** Pid of a process that the lab shall not outlive. */
  readonly owner?: number;
  readonly report?: Report;
}

/** Brings every host of the lab to where ssh answers, starting only what is down. */
export function up(lab: Lab, options: UpOptions = {}): Promise<void> {
  return whileLocked(lab, () => bringUp(lab, options));
}

async function bringUp(lab: Lab, { owner, report = () => {} }: UpOptions): Promise<void> {
  const started = performance.now();
  requirePrograms();
  const running = findSupervisor(lab);
  const supervisor = running ?? (await startSupervisor(lab, await chooseLayers(lab, report), owner));
  const off = labHosts.filter((host) => !isOn(lab, host));
  const problems = await disturbances(lab, supervisor);
  if (problems.length > 0) throw new LabError(problems.join("\n"));
  allowInotify(off.length, report);
  for (const host of off) switchOn(lab, host);
  if (off.length > 0) {
    report(`lab \`${lab.name}\`: booting ${off.map((host) => host.name).join(", ")}`);
    await answersSsh(lab, supervisor, off, report);
  }
  await answersSsh(lab, supervisor, labHosts);
  report(`lab \`${lab.name}\` is ${off.length > 0 ? `up after ${seconds(started)}` : "already up"}`);
}

/** Waits until the hosts greet on their ssh port; the error has the state and console of each host that does not. */
export async function answersSsh(
  lab: Lab,
  supervisor: Supervisor,
  hosts: readonly LabHost[],
  report: Report = () => {},
): Promise<void> {
  const started = performance.now();
  const waiting = new Set(hosts);
  const given = new AbortController();
  const onAnswer = (host: LabHost) => {
    waiting.delete(host);
    report(`  ${host.name} ${host.address} answers ssh after ${seconds(started)}`);
  };
  // A host that goes off while it boots will never answer: no need to wait for the time limit.
  const watch = setInterval(() => {
    if ([...waiting].some((host) => !isOn(lab, host))) given.abort();
  }, 100);
  await answering(supervisor, hosts, { limitMs: bootLimitMs, signal: given.signal, onAnswer });
  clearInterval(watch);
  const failed = [...waiting].filter((host) => !given.signal.aborted || !isOn(lab, host));
  if (failed.length > 0) throw new LabError(failed.map((host) => bootFailure(lab, host)).join("\n"));
}

/** Hosts that are on and cannot answer because a fault was injected, each with how to undo it. */
async function disturbances(lab: Lab, supervisor: Supervisor): Promise<string[]> {
  const plugged = await cables(supervisor);
  return labHosts.flatMap((host) => {
    if (isFrozen(hostCgroup(lab, host))) {
      return [`${host.name} is frozen; thaw it with \`npx bramble lab freeze ${host.name} --thaw\``];
    }
    if (plugged.get(host.name) !== "out") return [];
    return [`${host.name}'s cable is cut; mend it with \`npx bramble lab cut ${host.name} --mend\``];
  });
}

function bootFailure(lab: Lab, host: LabHost): string {
  const file = consoleFile(lab, host);
  const text = existsSync(file) ? readFileSync(file, "utf8").trimEnd() : "";
  const state = isOn(lab, host) ? `did not answer ssh within ${bootLimitMs / 1000} s` : "stopped while it booted";
  const ending = text
    .split(/\r?\n/)
    .slice(-20)
    .map((line) => `\n  ${line}`);
  return `${host.name} (${host.address}) ${state}${inotifyHint(text)}. The end of its console (${file}):${ending.join("")}`;
}

/** A host's systemd needs about eight inotify instances, of which some machines allow their users only 128. */
function inotifyHint(console: string): string {
  if (!console.includes("inotify") || !console.includes("Too many open files")) return "";
  return (
    " because this machine has no inotify instances left; take another lab down, or allow more with " +
    "`sysctl fs.inotify.max_user_instances=512`"
  );
}

/** What the disks of all hosts lie over, the uppermost first. */
async function chooseLayers(lab: Lab, report: Report): Promise<string[]> {
  const base = await chooseBase(lab, report);
  return [...(await ensureKafkaClasses(base, report)), base];
}

/**
 * Disks hold only what differs from the image they were made from, so they stay with that image while it exists even
 * when the recipe has moved on.
 */
async function chooseBase(lab: Lab, report: Report): Promise<string> {
  const record = join(lab.folder, "base-image");
  if (existsSync(record) && existsSync(lab.disks)) {
    const base = readFileSync(record, "utf8").trim();
    if (existsSync(base)) return base;
    throw new LabError(
      `the disks of lab \`${lab.name}\` were made from ${base}, which is gone; ` +
        "start with new disks: `npx bramble lab down --wipe`, then `npx bramble lab up`",
    );
  }
  const base = await ensureBaseImage(report);
  writeFileSync(record, `${base}\n`);
  return base;
}
