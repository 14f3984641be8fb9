import { LabError } from "./lab-error.ts";
import { isOnPath } from "./programs.ts";

/** Set by `throughSudo` alone: who typed the command that now runs as root, as `uid:gid`. */
const invokingUser = "BRAMBLE_INVOKING_USER";

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The argv that runs this very program again as root. sudo resets PATH whatever it is told to keep, so the variables
 * go along by name.
 */
export function throughSudo(environment: NodeJS.ProcessEnv = process.env): string[] {
  if (!isOnPath("sudo", environment.PATH)) {
    throw new LabError(
      "the lab needs root to create namespaces, and this machine has no sudo; run the same command as root",
    );
  }
  const keep = ["PATH", "HOME"].map((name) => `${name}=${environment[name] ?? ""}`);
  const user = `${invokingUser}=${process.getuid?.()}:${process.getgid?.()}`;
  return ["sudo", "-E", "env", ...keep, user, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
}

/** The start of an argv that runs what follows as the user who typed the command; empty when that was root. */
export function asInvokingUser(environment: NodeJS.ProcessEnv = process.env): string[] {
  const [uid, gid] = environment[invokingUser]?.split(":") ?? [];
  if (!uid || !gid) return [];
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--init-groups", "env", `--unset=${invokingUser}`, "--"];
}
