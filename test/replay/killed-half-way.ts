import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { eventually } from "../../testing/eventually.ts";

/**
 * Runs a replay from the beginning in a process of its own, and kills it as soon as it is half-way.
 * @param args of replay-in-a-process.ts
 */
export async function killedHalfWay(args: readonly string[], isHalfWay: () => Promise<boolean>): Promise<void> {
  const script = join(import.meta.dirname, "replay-in-a-process.ts");
  const replaying = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  let said = "";
  replaying.stderr.on("data", (data) => {
    said += data;
  });
  const ended = new Promise((resolve) => replaying.once("close", (code, signal) => resolve(signal ?? code)));
  await eventually(isHalfWay, () => said, 120_000);
  replaying.kill("SIGKILL");
  expect(await ended).toBe("SIGKILL");
}
