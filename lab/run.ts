import { spawn } from "node:child_process";
import { LabError } from "./lab-error.ts";

/** Runs a program to its end and gives what it wrote on standard output; anything but exit code 0 is an error. */
export async function run(argv: readonly string[], options: { timeoutMs?: number } = {}): Promise<string> {
  const { code, stdout, stderr } = await tryRun(argv, options);
  if (code === 0) return stdout;
  throw new LabError(`\`${argv.join(" ")}\` failed with exit code ${code}: ${stderr.trim() || stdout.trim()}`);
}

export interface Outcome {
  /** Exit code; null when the program was ended by a signal, as after `timeoutMs`. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Like `run`, for programs whose exit code is an answer. */
export function tryRun(argv: readonly string[], options: { timeoutMs?: number } = {}): Promise<Outcome> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (cause) =>
      reject(new LabError(`cannot run \`${program}\` (${cause.message}); \`make setup\` installs it`, { cause })),
    );
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
