import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { filesOf, tiers } from "./tiers.ts";

const projectFolder = join(import.meta.dirname, "..");
const planted = join(import.meta.dirname, "planted-in-tiers.test.ts");
afterEach(() => rmSync(planted, { force: true }));

function jest(...args: string[]): string {
  const program = fileURLToPath(import.meta.resolve("jest/bin/jest"));
  const all = ["--experimental-vm-modules", "--no-warnings", program, ...args];
  return spawnSync(process.execPath, all, { cwd: projectFolder, encoding: "utf8" }).stdout;
}

test("each test file is in one tier", () => {
  const all = tiers.flatMap((tier) => filesOf(tier, []));
  expect(all.length).toBeGreaterThan(100);
  expect(new Set(all).size).toBe(all.length);
  expect(filesOf({ name: "unit", files: "test/**/*.test.ts", setUp: [] }, []).sort()).toEqual(all.sort());
});

test.each(tiers)("Jest finds the files of tier $name", (tier) => {
  const files: string[] = JSON.parse(jest(`--selectProjects=${tier.name}`, "--listTests", "--json"));
  expect(files.sort()).toEqual(
    filesOf(tier, [])
      .map((file) => join(projectFolder, file))
      .sort(),
  );
});

test("a unit test that starts a program, opens a socket or waits for the clock fails, and is told its tier", () => {
  const source = `
import { execFileSync, spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "@jest/globals";
import { build } from "esbuild";

test("spawn", () => void spawn("true"));
test("execFileSync", () => void execFileSync("true"));
test("connect", () => void connect(1, "127.0.0.1"));
test("listen", () => void createServer().listen(0));
test("setTimeout", () => new Promise((resolve) => setTimeout(resolve, 60)));
test("sleep", () => sleep(60));
test("a moment", () => sleep(1));
test("a limit that is not reached", () => clearTimeout(setTimeout(() => {}, 60_000)));
test("esbuild", () => build({ stdin: { contents: "1" }, write: false }));
`;
  writeFileSync(planted, source);
  const { testResults } = JSON.parse(jest("--selectProjects=unit", "--json", "--runTestsByPath", planted)) as {
    testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
  };
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const belongs = "it belongs to the tier process, in a file named like x.process.test.ts";
  const waited = `waited 60 ms for the clock (jest.useFakeTimers() needs no waiting): ${belongs}`;
  expect(results.map(({ title, failureMessages: [message = "passed"] }) => [title, message.split("\n")[0]])).toEqual([
    ["spawn", `Error: a unit test starts true: ${belongs}`],
    ["execFileSync", `Error: a unit test starts true: ${belongs}`],
    ["connect", `Error: a unit test connects to a socket: ${belongs}`],
    ["listen", `Error: a unit test listens on a socket: ${belongs}`],
    ["setTimeout", `Error: a unit test ${waited}`],
    ["sleep", `Error: a unit test ${waited}`],
    ["a moment", "passed"],
    ["a limit that is not reached", "passed"],
    ["esbuild", "passed"],
  ]);
});
