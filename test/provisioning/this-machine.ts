import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { userInfo } from "node:os";
import type { Host, Session } from "../../provisioning/resources/resource-type.ts";
import type { Argv, Command, Result } from "../../provisioning/ssh/command.ts";

export const target = { host: "rpi0", address: "127.0.0.1" };
const { gid } = userInfo();
/** Who may own files that a test makes, whether root runs it or not. */
export const owner = `${userInfo().username}:${await groupName()}`;

/** A session whose one host is this machine: what is asked and done is asked and done for real. */
export interface ThisMachine {
  readonly session: Session;
  /** What the commands did, in their own words, since the last look. */
  done(): string[];
}

/** @param here what to change in an argv for it to work here; `path` comes first on PATH */
export function thisMachine(here: { argument?: (text: string) => string; path?: string } = {}): ThisMachine {
  let done: string[] = [];
  const local = (argv: Argv) => argv.map(here.argument ?? ((text) => text)) as [string, ...string[]];
  const host: Host = {
    target,
    observe: (commands) => Promise.all(commands.map((argv) => run(local(argv), "", here))),
    run: (command) => {
      done.push(command.does);
      return run(local(command.argv), command.stdin, here);
    },
  };
  const nothingOf = (what: string) => () => Promise.reject(new Error(`nothing here should ask for ${what}`));
  return {
    session: {
      host: async () => host,
      topics: nothingOf("topics"),
      dynamicConfig: nothingOf("settings"),
      turn: nothingOf("a turn"),
      progress: () => {},
    },
    done: () => {
      const seen = done;
      done = [];
      return seen;
    },
  };
}

/** Runs a program here as Connection runs it on a host. `cutAfter` bytes of its input the cable is pulled. */
export function run(argv: Argv, stdin: Command["stdin"] = "", options: { cutAfter?: number; path?: string } = {}) {
  const env = { ...process.env, LC_ALL: "C", PATH: `${options.path ?? ""}:${process.env.PATH}` };
  const child = spawn("/usr/bin/env", argv, { env });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => out.push(data));
  child.stderr.on("data", (data: Buffer) => err.push(data));
  child.stdin.on("error", () => {}); // it ended without reading all of it
  const { cutAfter } = options;
  if (typeof stdin === "string") child.stdin.end(cutAfter === undefined ? stdin : stdin.slice(0, cutAfter));
  else if (cutAfter === 0) child.stdin.end();
  else createReadStream(stdin.file, cutAfter === undefined ? {} : { end: cutAfter - 1 }).pipe(child.stdin);
  return new Promise<Result>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ exitCode: code ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

async function groupName(): Promise<string> {
  const { stdout } = await run(["getent", "group", String(gid)]);
  return stdout.split(":")[0] ?? "";
}
