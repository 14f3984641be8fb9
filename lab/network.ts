import type { LabHost } from "./hosts.ts";
import { run, tryRun } from "./run.ts";
import type { Supervisor } from "./supervisor.ts";

/** The start of an argv that runs what follows in the lab's network, on this machine's files and processes. */
export function inLabNetwork(supervisor: Supervisor): string[] {
  // Not `ip netns exec`: that hides /sys/fs/cgroup.
  return ["nsenter", `--net=/proc/${supervisor.pid}/ns/net`, "--"];
}

export type Cable = "in" | "out";

/** Takes a host's cable out of the switch or puts it in; the host itself sees its link go down or up. */
export async function setCable(supervisor: Supervisor, host: LabHost, cable: Cable): Promise<void> {
  await run([...inLabNetwork(supervisor), "ip", "link", "set", host.name, cable === "in" ? "up" : "down"]);
}

/** Undefined when the host is off and has no interface at all. */
export async function cableOf(supervisor: Supervisor, host: LabHost): Promise<Cable | undefined> {
  const { code, stdout } = await tryRun([...inLabNetwork(supervisor), "ip", "-json", "link", "show", host.name]);
  if (code !== 0) return undefined;
  const [link] = JSON.parse(stdout) as { flags: string[] }[];
  return link?.flags.includes("UP") ? "in" : "out";
}
