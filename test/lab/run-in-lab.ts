import { spawnSync } from "node:child_process";
import { execInLab, type Invocation, sshToHost } from "../../lab/enter.ts";
import { labHost } from "../../lab/hosts.ts";
import type { Lab } from "../../lab/lab.ts";

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program on the lab's network, as `bramble lab exec` does, and waits for it. */
export function runInLab(lab: Lab, argv: readonly string[], input = ""): Ran {
  return ran(execInLab(lab, argv), input);
}

/** Runs a command line on a host, as `bramble lab ssh` does; anything but exit code 0 throws. */
export function runOnHost(lab: Lab, host: string, command: string): string {
  const { status, stdout, stderr } = ran(sshToHost(lab, labHost(host), [command]), "");
  if (status !== 0) throw new Error(`${host}: \`${command}\` ended with ${status}: ${stderr}`);
  return stdout.trimEnd();
}

function ran({ argv: [program = "", ...args], env }: Invocation, input: string): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, args, { env, input, encoding: "utf8", timeout: 60_000 });
  if (error) throw error;
  return { status, stdout, stderr };
}
