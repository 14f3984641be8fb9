import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labEnvironment } from "./environment.ts";
import { type LabHost, labHosts } from "./hosts.ts";
import type { Lab } from "./lab.ts";
import { inLabNetwork } from "./network.ts";
import { asInvokingUser } from "./root.ts";
import { readOnDisk } from "./saved-disks.ts";
import { requireSupervisor } from "./supervisor.ts";

/** A program to run, as data: the caller decides whether to spawn it or to exec it. */
export interface Invocation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** `argv` on the lab's network, with the lab's environment, as the user who asked for it. */
export function execInLab(lab: Lab, argv: readonly string[], environment = process.env): Invocation {
  const supervisor = requireSupervisor(lab);
  return {
    argv: [...inLabNetwork(supervisor), ...asInvokingUser(environment), ...argv],
    env: { ...definedOnly(environment), ...labEnvironment(lab, environment) },
  };
}

/** The user's shell, with a prompt that names the lab. */
export function shellInLab(lab: Lab, environment = process.env): Invocation {
  requireSupervisor(lab);
  const shell = environment.SHELL || "/bin/bash";
  const argv = shell.endsWith("/bash") ? [shell, "--rcfile", writeShellStart(lab)] : [shell];
  return execInLab(lab, argv, environment);
}

/** `ssh` to a host as `pi`, with the lab's own key and the host keys read from the hosts' disks. */
export function sshToHost(lab: Lab, host: LabHost, argv: readonly string[], environment = process.env): Invocation {
  requireSupervisor(lab);
  const options = {
    IdentityFile: lab.clientKey,
    IdentitiesOnly: "yes",
    UserKnownHostsFile: writeHostKeys(lab),
    GlobalKnownHostsFile: "/dev/null",
    StrictHostKeyChecking: "yes",
    UpdateHostKeys: "no",
    ConnectTimeout: "10",
    LogLevel: "ERROR",
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return execInLab(lab, ["ssh", ...flags, "--", `pi@${host.address}`, ...argv], environment);
}

/** The public host keys of every host that has booted, read from its disk, so that no first use has to be trusted. */
export function hostKeyLines(lab: Lab, hosts: readonly LabHost[] = labHosts): string[] {
  return hosts.flatMap((host) =>
    ["ed25519", "ecdsa", "rsa"].flatMap((type) => {
      const key = readOnDisk(lab, host.name, `etc/ssh/ssh_host_${type}_key.pub`);
      return key === undefined ? [] : [`${host.address} ${key.split(" ").slice(0, 2).join(" ")}`];
    }),
  );
}

function writeHostKeys(lab: Lab): string {
  const file = join(lab.run, "ssh_known_hosts");
  // Renamed into place: another ssh may be reading it.
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, `${hostKeyLines(lab).join("\n")}\n`);
  renameSync(beside, file);
  return file;
}

function writeShellStart(lab: Lab): string {
  const file = join(lab.run, "shell-start");
  writeFileSync(file, `[ -e ~/.bashrc ] && . ~/.bashrc\nPS1="[lab ${lab.name}] $PS1"\n`);
  return file;
}

function definedOnly(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
