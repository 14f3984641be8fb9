import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { eventually } from "../../testing/eventually.ts";
import { bash, root, scratch } from "./bash.ts";

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
  mkdirSync(join(room.folder, "steps"));
  mkdirSync(join(room.folder, "log"));
});
afterEach(() => room.remove());

const script = () =>
  `set -euo pipefail; setup=${room.folder} cache=${room.folder}; . ${root}/setup/run-step.sh; run_step tool`;

const step = (build: string) =>
  writeFileSync(
    join(room.folder, "steps/tool.sh"),
    `title="The tool"
     ready() { [ -e ${room.folder}/tool ]; }
     build() { ${build}; }
     advice() { echo "buy a new one"; }`,
  );

test("what is missing is made, what is there is left alone", async () => {
  step(`say "by hand"; touch ${room.folder}/tool`);
  expect((await bash(script())).stdout).toMatch(/^ {2}The tool\n {4}by hand\n {4}done in \d+ s\n$/);
  expect((await bash(script())).stdout).toBe("  The tool: already installed\n");
});

test("a failed step stops at its first failure and says what, the last lines of its log, and what to do", async () => {
  step(`echo "disk full" >&2; false; touch ${room.folder}/tool`);
  const { status, stderr } = await bash(script());
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^Set-up: The tool failed after \d+ s\. The last lines of .*tool\.log:\n {4}disk full\nNext: buy a new one\n$/,
  );
  expect(existsSync(join(room.folder, "tool"))).toBe(false);
});

test("a step that ends well without its result has failed", async () => {
  step("true");
  expect((await bash(script())).status).toBe(1);
});

test("an interrupt ends what the step started", async () => {
  step(`sleep 300 & echo $! >${room.folder}/pid; wait`);
  const child = spawn("bash", ["-c", script()], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const pid = () => (existsSync(join(room.folder, "pid")) ? readFileSync(join(room.folder, "pid"), "utf8").trim() : "");
  await eventually(
    () => pid() !== "",
    () => "the step does not begin",
  );
  // Ctrl-C reaches both the set-up and the subshell that runs the step.
  await bash(`kill -TERM $(pgrep -P ${child.pid}) ${child.pid}`);
  await ended;
  // Gone, or dead and not yet taken note of by the process that adopted it.
  await eventually(
    async () => /^(Z.*\n)?$/.test((await bash(`ps -o stat= -p ${pid()}`)).stdout),
    () => `${pid()} still runs`,
  );
});
