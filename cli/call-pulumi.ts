import { spawnSync } from "node:child_process";
import { projectEnvironment } from "../lab/environment.ts";
import { projectFolder } from "../lab/lab.ts";

/** Runs Pulumi in the project's folder and gives what it prints. Anything but exit code 0 throws. */
export function callPulumi(argv: readonly string[], input = ""): string {
  const { status, stdout, error } = spawnSync("pulumi", argv, {
    cwd: projectFolder,
    env: { ...process.env, ...projectEnvironment() },
    input,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "inherit"],
    maxBuffer: 1 << 30,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`pulumi ${argv.join(" ")}: exit code ${status}`);
  return stdout;
}
