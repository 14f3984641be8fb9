import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { LabHost } from "./hosts.ts";
import { inLabNetwork } from "./network.ts";
import type { Supervisor } from "./supervisor.ts";

export interface ProbeOptions {
  /** How long to try; 0 to look once. */
  readonly limitMs: number;
  /** Ends the probing early. */
  readonly signal?: AbortSignal;
  readonly onAnswer?: (host: LabHost) => void;
}

/** The hosts whose sshd greets within the time limit. */
export function answering(
  supervisor: Supervisor,
  hosts: readonly LabHost[],
  { limitMs, signal, onAnswer = () => {} }: ProbeOptions,
): Promise<ReadonlySet<LabHost>> {
  const program = [process.execPath, join(import.meta.dirname, "ssh-probe.ts"), String(limitMs)];
  const [command = "", ...args] = [...inLabNetwork(supervisor), ...program, ...hosts.map((host) => host.address)];
  return new Promise((resolve, reject) => {
    const probe = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    signal?.addEventListener("abort", () => probe.kill());
    const answered = new Set<LabHost>();
    createInterface({ input: probe.stdout }).on("line", (address) => {
      for (const host of hosts.filter((candidate) => candidate.address === address)) {
        answered.add(host);
        onAnswer(host);
      }
    });
    probe.on("error", reject);
    probe.on("close", () => resolve(answered));
  });
}
