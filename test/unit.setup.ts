// Holds the rule of the tier unit (docs/decisions/0041-tiers-of-tests.md): a unit test starts no process, opens no
// socket and does not wait for the clock, so it is as quick, and as sure, on a machine that is busy.
import type { ChildProcess } from "node:child_process";
import { Server, Socket } from "node:net";
import { basename } from "node:path";
import { afterAll, afterEach, beforeEach, jest } from "@jest/globals";

// Not imported: what a module exports is read once, by its first import, which is to be the test's.
const childProcess = process.getBuiltinModule("node:child_process");
const timers = process.getBuiltinModule("node:timers/promises");

// Not how long a test takes, but when one that hangs is given up, however busy the machine is.
jest.setTimeout(60_000);

/** A tick or two of a real timer is no wait. */
const MOST_WAITED_MS = 50;

const restores: (() => void)[] = [];
afterAll(() => {
  for (const restore of restores.reverse()) restore();
});

/** The modules of Node are one for all test files of a worker: each file puts back what was there. */
function replace<T extends object, K extends keyof T>(owner: T, name: K, by: (original: T[K]) => T[K]): void {
  const original = owner[name];
  owner[name] = by(original);
  restores.push(() => {
    owner[name] = original;
  });
}

function refuse(what: string): never {
  throw new Error(`a unit test ${what}: it belongs to the tier process, in a file named like x.process.test.ts`);
}

type Spawn = (this: ChildProcess, options: { readonly file: string }) => unknown;
// All that starts a program without waiting for its end makes one of these.
replace(childProcess.ChildProcess.prototype as unknown as { spawn: Spawn }, "spawn", (spawn) => {
  return function (options) {
    // A compiler, called like a library: loading an operator that a user wrote means bundling it.
    return basename(options.file) === "esbuild" ? spawn.call(this, options) : refuse(`starts ${options.file}`);
  };
});
for (const name of ["spawnSync", "execSync", "execFileSync"] as const) {
  replace(childProcess, name, () => (program: string) => refuse(`starts ${program}`));
}
replace(Socket.prototype, "connect", () => () => refuse("connects to a socket"));
replace(Server.prototype, "listen", () => () => refuse("listens on a socket"));

let waitedMs = 0;
beforeEach(() => {
  waitedMs = 0;
});
afterEach(() => {
  if (waitedMs > MOST_WAITED_MS) refuse(`waited ${waitedMs} ms for the clock (jest.useFakeTimers() needs no waiting)`);
});

type Timer = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => unknown;
for (const name of ["setTimeout", "setInterval"] as const) {
  // Only a timer that fires was waited for: a limit that is not reached costs nothing.
  replace(globalThis as unknown as Record<typeof name, Timer>, name, (start) => (callback, ms, ...args) => {
    const counted: typeof callback = (...given) => {
      waitedMs += ms ?? 0;
      callback(...given);
    };
    return start(counted, ms, ...args);
  });
}
replace(timers, "setTimeout", (sleep) => async (ms, value, options) => {
  const result = await sleep(ms, value, options);
  waitedMs += ms ?? 0;
  return result;
});
