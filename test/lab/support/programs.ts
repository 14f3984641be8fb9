import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { execInLab, type Invocation, sshToHost } from "../../../lab/enter.ts";
import { initPid, initScope, insideHost } from "../../../lab/inside-host.ts";
import { hostOf, hosts, lab } from "./virtual-pis.ts";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the process as soon as it is there. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Runs a program on the lab's network and environment, as `bramble lab exec` does. */
export function inLab(argv: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(execInLab(lab, argv), options);
}

/** The same; anything but exit code 0 is an error. */
export async function inLabOk(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  return succeeded(argv.join(" "), await inLab(argv, options));
}

/**
 * Runs a shell line on a host as `pi`, from inside: a look leaves no login behind, and costs a fifteenth of one. Anything
 * but exit code 0 is an error.
 */
export async function onHost(host: string, line: string, options: RunOptions = {}): Promise<string> {
  const init = initPid(lab, hostOf(host));
  if (init === undefined) throw new Error(`${host} is off: ${line}`);
  const group = join(initScope(lab, hostOf(host)), "cgroup.procs");
  const asPi = [
    "setpriv",
    "--reuid=pi",
    "--regid=pi",
    "--init-groups",
    "env",
    "--ignore-environment",
    ...environmentOfPi,
  ];
  const argv = [...insideHost(init), ...asPi, "bash", "-c", `cd; ${line}`];
  const entering = ["sh", "-c", `echo $$ >"$0" && exec "$@"`, group, ...argv];
  return succeeded(`${host}: ${line}`, await run({ argv: entering, env: { PATH: process.env.PATH ?? "" } }, options));
}

/** The same over ssh, for what depends on a login: a daemon that was started by hand. */
export async function overSsh(host: string, line: string, options: RunOptions = {}): Promise<string> {
  return succeeded(`${host}: ${line}`, await run(sshToHost(lab, hostOf(host), [line]), options));
}

/** As sshd sets it. */
const environmentOfPi = ["HOME=/home/pi", "USER=pi", "LOGNAME=pi", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/games"];

/** The same line on every host at once: what each printed, by host. */
export async function onHosts(
  line: string,
  among: readonly string[] = hosts,
  options: RunOptions = {},
): Promise<Record<string, string>> {
  const outputs = await Promise.all(among.map(async (host) => [host, await onHost(host, line, options)] as const));
  return Object.fromEntries(outputs);
}

function run({ argv: [program = "", ...args], env }: Invocation, options: RunOptions): Promise<Ended> {
  const { input, timeoutMs = 60_000, cwd, onStart } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...env, ...options.env }, stdio: "pipe" });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (data: Buffer) => out.push(data));
    child.stderr.on("data", (data: Buffer) => err.push(data));
    child.stdin.on("error", () => {}); // It may end without reading all of its input.
    child.stdin.end(input ?? "");
    onStart?.(child);
    const limit = setTimeout(() => {
      child.kill("SIGKILL");
      const said = Buffer.concat([...out, ...err])
        .toString()
        .slice(-2000);
      reject(new Error(`not done within ${timeoutMs / 1000} s: ${[program, ...args].join(" ")}\n${said}`));
    }, timeoutMs);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

function succeeded(what: string, { code, stdout, stderr }: Ended): string {
  if (code === 0) return stdout.trimEnd();
  throw new Error(`exit code ${code} of: ${what}\n${stdout}${stderr}`);
}
