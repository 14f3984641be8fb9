import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, jest, test } from "@jest/globals";

jest.setTimeout(120_000);

const root = join(import.meta.dirname, "../..");
let bench: ChildProcess;
let started: Map<number, string>;

afterEach(() => {
  for (const pid of [bench.pid ?? 0, ...started.keys()]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {} // it has ended
  }
});

/** The command lines of the processes that this one has started, by their ids (proc_pid_stat(5), ppid). */
function childrenOf(parent: number): Map<number, string> {
  const children = new Map<number, string>();
  for (const pid of readdirSync("/proc").map(Number)) {
    try {
      const [, ppid] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      if (Number(ppid) === parent) children.set(pid, readFileSync(`/proc/${pid}/cmdline`, "utf8"));
    } catch {} // no process, or one that has just ended
  }
  return children;
}

function runs(pid: number, commandLine: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") === commandLine;
  } catch {
    return false;
  }
}

test("a bench that SIGTERM ends takes its broker and its service with it", async () => {
  started = new Map();
  bench = spawn(process.execPath, ["--no-warnings", "bench/soak.ts"], { cwd: root, stdio: "ignore" });
  const has = (what: string) => [...started.values()].some((commandLine) => commandLine.includes(what));
  while (!["QuorumPeerMain", "kafka.Kafka", "service.mjs"].every(has)) {
    expect(bench.exitCode).toBeNull();
    await sleep(100);
    started = childrenOf(bench.pid ?? 0);
  }

  bench.kill("SIGTERM");
  expect(await once(bench, "exit")).toEqual([128 + 15, null]);
  // They were killed before it ended; the kernel takes a moment to clear them away.
  while ([...started].some(([pid, commandLine]) => runs(pid, commandLine))) await sleep(20);
});
