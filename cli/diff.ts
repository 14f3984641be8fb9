import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import { projectEnvironment } from "../lab/environment.ts";
import { projectFolder } from "../lab/lab.ts";
import { type PreviewDigest, problemOf, type Verdict, verdictOf } from "./preview-digest.ts";

/** As in `terraform plan -detailed-exitcode`: 0 for nothing to do, 2 for changes, 1 for a failure. */
const exitCodes: Readonly<Record<Verdict["kind"], number>> = { same: 0, changes: 2, refused: 1 };

export function diffCommand(): Command {
  return new Command("diff")
    .description("describe in sentences what `pulumi up` would do; exit code 0: nothing, 2: changes, 1: refused")
    .argument("[flags...]", "flags for `pulumi preview`, such as --config bramble:allowDataLoss=topic")
    .allowUnknownOption()
    .action(async (flags: string[]) => {
      const verdict = verdictOf(await preview(flags));
      const print = verdict.kind === "refused" ? console.error : console.log;
      print(verdict.text);
      process.exitCode = exitCodes[verdict.kind];
    });
}

/** Runs a preview, which refreshes first and changes nothing. */
async function preview(flags: readonly string[]): Promise<PreviewDigest> {
  const stack = flags.some((flag) => /^(-s|--stack(=.*)?)$/.test(flag)) ? [] : ["--stack", "rpi"];
  const argv = ["preview", "--json", "--non-interactive", ...stack, ...flags];
  const env = { ...process.env, ...projectEnvironment() };
  if (process.stderr.isTTY) console.error("Looking at every host with `pulumi preview`; this takes a few seconds...");
  const child = spawn("pulumi", argv, { cwd: projectFolder, env, stdio: ["ignore", "pipe", "pipe"] });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  const [stdout, stderr] = await Promise.race([failed, Promise.all([text(child.stdout), text(child.stderr)])]);
  try {
    return JSON.parse(stdout) as PreviewDigest;
  } catch (cause) {
    throw new Error(problemOf(stderr.trim() || stdout.trim()), { cause });
  }
}
