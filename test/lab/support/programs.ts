import { type ChildProcess, spawn } from "node:child_process";
import { execInLab, type Invocation, sshToHost } from "../../../lab/enter.ts";
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

/** Runs a shell line on a host as `pi` over plain ssh; anything but exit code 0 is an error. */
export async function onHost(host: string, line: string, options: RunOptions = {}): Promise<string> {
  return succeeded(`${host}: ${line}`, await tryOnHost(host, line, options));
}

export function tryOnHost(host: string, line: string, options: RunOptions = {}): Promise<Ended> {
  return run(sshToHost(lab, hostOf(host), [line]), options);
}

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
