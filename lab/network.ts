import type { LabHost } from "./hosts.ts";
import { run } from "./run.ts";
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

/** How the cable of each host is that is on; a host that is off has no interface at all. */
export async function cables(supervisor: Supervisor): Promise<ReadonlyMap<string, Cable>> {
  const links = JSON.parse(await run([...inLabNetwork(supervisor), "ip", "-json", "link", "show", "type", "veth"]));
  return new Map(
    (links as { ifname: string; flags: string[] }[]).map(({ ifname, flags }) => [
      ifname,
      flags.includes("UP") ? "in" : "out",
    ]),
  );
}
