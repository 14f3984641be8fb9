import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { Argv } from "../../../provisioning/ssh/command.ts";
import { Connection } from "../../../provisioning/ssh/connection.ts";
import type { Login } from "../../../provisioning/ssh/login.ts";
import { eventually } from "../../../testing/eventually.ts";
import { type LoopbackHost, type LoopbackOptions, startLoopbackHost, target } from "../loopback-host.ts";

jest.setTimeout(60_000);

let host: LoopbackHost;
let connection: Connection;

async function start(options: LoopbackOptions = {}, login: Partial<Login> = {}): Promise<void> {
  host = await startLoopbackHost(options);
  connection = await Connection.open(target, { ...host.login, ...login }, host.hostKeys);
}

afterEach(async () => {
  connection?.close();
  await host?.stop();
});

const sh = (script: string): Argv => ["sh", "-c", script];
const brokenOff = "rpi0 (127.0.0.1): the ssh connection was lost.";
/** Resolves once the host has begun what makes the file. */
function made(file: string): Promise<void> {
  return eventually(
    () => readdirSync(host.folder).includes(file),
    () => `the host has no ${file}`,
  );
}

describe("observe", () => {
  beforeEach(() => start());

  test("gives each command's exit code, output and error output", async () => {
    expect(await connection.observe([["printf", "%s", "a b"], sh("echo no >&2; exit 3")])).toEqual([
      { exitCode: 0, stdout: "a b", stderr: "" },
      { exitCode: 3, stdout: "", stderr: "no\n" },
    ]);
  });

  test("asks many questions through one shell, each with its own answer", async () => {
    const asked = Array.from({ length: 50 }, (_, i) => connection.observe([["echo", `${i}`], ["true"]]));
    const answers = await Promise.all(asked);
    expect(answers.map(([first]) => first?.stdout)).toEqual(asked.map((_, i) => `${i}\n`));
    expect(await connection.observe([["echo", "later"]])).toMatchObject([{ stdout: "later\n" }]);
    expect(host.lines).toEqual(["env LC_ALL=C sh"]);
  });

  test("speaks the C locale, in which programs say why they fail", async () => {
    const [missing] = await connection.observe([["cat", "--", "/nowhere/at/all"]]);
    expect(missing?.stderr).toBe("cat: /nowhere/at/all: No such file or directory\n");
  });

  test("takes an answer of megabytes whole", async () => {
    const [big] = await connection.observe([sh("yes 0123456789 | head -c 3000000")]);
    expect(big?.stdout).toHaveLength(3_000_000);
  });

  test("leaves nothing on the host", async () => {
    await connection.observe([["true"]]);
    expect(readdirSync(join(host.folder, "run"))).toHaveLength(1);
    connection.close();
    await eventually(
      () => readdirSync(join(host.folder, "run")).length === 0,
      () => "what the connection made is still there",
    );
  });

  test("is not confused by what the user's shell prints at login", async () => {
    host.program("env", 'echo "Welcome to rpi0!"; exec /usr/bin/env "$@"');
    expect(await connection.observe([["echo", "answer"]])).toMatchObject([{ stdout: "answer\n" }]);
    expect(await connection.observe([["echo", "another"]])).toMatchObject([{ stdout: "another\n" }]);
  });

  test("says so when the host has no room for its scratch folder, and writes nowhere else", async () => {
    host.program("mktemp", 'echo "mktemp: No space left on device" >&2; exit 1');
    await expect(connection.observe([["true"]])).rejects.toThrow(
      "no root shell through sudo -n: mktemp: No space left on device.",
    );
  });

  test("opens another shell when one was killed", async () => {
    await expect(connection.observe([sh("kill -9 $PPID")])).rejects.toThrow("the root shell ended");
    expect(await connection.observe([["echo", "again"]])).toMatchObject([{ stdout: "again\n" }]);
  });
});

describe("run", () => {
  beforeEach(() => start());

  test("gives the exit code, whatever it is, with all of both outputs", async () => {
    const argv = sh("yes out | head -c 300000; yes err | head -c 200000 >&2; exit 7");
    const result = await connection.run({ does: "talk", argv });
    expect(result.exitCode).toBe(7);
    expect([result.stdout.length, result.stderr.length]).toEqual([300_000, 200_000]);
  });

  test("passes arguments and standard input on as they are", async () => {
    const result = await connection.run({
      does: "echo",
      argv: ["sh", "-c", 'printf "%s|" "$@"; cat', "sh", "it's", "", "$HOME", "a\nb"],
      stdin: "grün\n".repeat(100_000),
    });
    expect(result.stdout).toBe(`it's||$HOME|a\nb|${"grün\n".repeat(100_000)}`);
  });

  test("streams a file of this machine", async () => {
    const source = join(host.folder, "source");
    const bytes = Buffer.alloc(5_000_000, "0123456789abcdef\n");
    writeFileSync(source, bytes);
    await connection.run({ does: "copy", argv: sh("cat > copied"), stdin: { file: source } });
    expect(readFileSync(join(host.folder, "copied")).equals(bytes)).toBe(true);
  });

  test("ends when the command does, though it left its input unread", async () => {
    const source = join(host.folder, "source");
    writeFileSync(source, Buffer.alloc(20_000_000));
    const early = { does: "stop early", argv: sh("head -c 10 >/dev/null; echo enough; exit 4") };
    const expected = { exitCode: 4, stdout: "enough\n", stderr: "" };
    expect(await connection.run({ ...early, stdin: { file: source } })).toEqual(expected);
    expect(await connection.run({ ...early, stdin: "x".repeat(20_000_000) })).toEqual(expected);
    expect(await connection.run({ does: "go on", argv: ["true"] })).toMatchObject({ exitCode: 0 });
  });

  test("fails for a local file that cannot be read, and goes on with the next", async () => {
    const folder = join(host.folder, "folder");
    mkdirSync(folder);
    const copy = (file: string) => connection.run({ does: "copy", argv: ["cat"], stdin: { file } });
    await expect(copy("/nowhere/at/all")).rejects.toThrow(/no such file.*\/nowhere\/at\/all/);
    await expect(copy(folder)).rejects.toThrow(/EISDIR/);
    expect(await connection.run({ does: "go on", argv: ["true"] })).toMatchObject({ exitCode: 0 });
  });

  test("says which signal killed a command", async () => {
    const result = await connection.run({ does: "die", argv: sh("echo last words >&2; kill -9 $$") });
    expect(result).toMatchObject({ exitCode: -1, stderr: "last words\nkilled by SIGKILL" });
  });
});

describe("many commands at once", () => {
  test("share fewer channels than sshd grants a connection, and delay no question", async () => {
    await start({ maxSessions: 10 });
    const runs = Array.from({ length: 30 }, (_, i) =>
      connection.run({ does: "wait", argv: sh(`sleep 0.05; echo ${i}`) }),
    );
    await connection.observe([["true"]]);
    const results = await Promise.all(runs);
    expect(results.map(({ stdout }) => stdout)).toEqual(runs.map((_, i) => `${i}\n`));
    expect(host.busiest).toBeLessThanOrEqual(9);
    expect(host.busiest).toBeGreaterThan(5);
  });

  test("name the host when sshd grants none", async () => {
    await start({ maxSessions: 0 });
    const expected = /^rpi0 \(127\.0\.0\.1\): sshd opens no more channels .*; expected 9 at once\. Set `MaxSessions/;
    await expect(connection.run({ does: "try", argv: ["true"] })).rejects.toThrow(expected);
    await expect(connection.observe([["true"]])).rejects.toThrow(expected);
  });
});

describe("a connection that breaks", () => {
  beforeEach(() => start());

  test("fails the command that runs, with what to do", async () => {
    const running = connection.run({ does: "wait", argv: sh("touch began; sleep 60") });
    await made("began");
    host.cut();
    await expect(running).rejects.toThrow(brokenOff);
    expect(connection.alive).toBe(false);
  });

  test("fails the command that is fed", async () => {
    const source = join(host.folder, "source");
    writeFileSync(source, Buffer.alloc(50_000_000));
    const argv = sh("head -c 1000 > fed; exec sleep 60");
    const running = connection.run({ does: "unpack", argv, stdin: { file: source } });
    await made("fed");
    host.cut();
    await expect(running).rejects.toThrow(brokenOff);
  });

  test("fails the questions that were asked, and those that wait behind them", async () => {
    await connection.observe([["true"]]);
    const first = connection.observe([sh("touch began; sleep 60")]);
    await made("began");
    const second = connection.observe([["true"]]);
    const cut = Promise.allSettled([first, second]);
    host.cut();
    const message = expect.stringContaining(brokenOff);
    expect(await cut).toMatchObject([{ reason: { message } }, { reason: { message } }]);
  });

  test("fails the commands that wait for a channel", async () => {
    const running = Array.from({ length: 20 }, (_, i) =>
      connection.run({ does: "wait", argv: sh(`touch began${i}; sleep 60`) }),
    );
    await made("began0");
    const ended = Promise.allSettled(running);
    host.cut();
    for (const one of await ended) {
      expect(one).toMatchObject({ reason: { message: expect.stringContaining(brokenOff) } });
    }
    expect(host.lines.length).toBeLessThanOrEqual(8);
  });

  test("fails at once whatever comes after", async () => {
    await connection.observe([["true"]]);
    const lost = connection.observe([sh("touch began; sleep 60")]).catch(() => {});
    await made("began");
    host.cut();
    await lost;
    await expect(connection.observe([["true"]])).rejects.toThrow(brokenOff);
    await expect(connection.run({ does: "try", argv: ["true"] })).rejects.toThrow(brokenOff);
  });
});

describe("a connection that is closed", () => {
  beforeEach(() => start());
  const stopped = "rpi0 (127.0.0.1): the ssh connection was closed";

  test("fails what runs, what was asked, and what comes after", async () => {
    const running = connection.run({ does: "wait", argv: sh("touch began; sleep 60") });
    const asked = connection.observe([sh("touch asked; sleep 60")]);
    await Promise.all([made("began"), made("asked")]);
    const unsent = connection.observe([["true"]]);
    const ended = Promise.allSettled([running, asked, unsent]);
    connection.close();
    const later = Promise.allSettled([connection.observe([["true"]]), connection.run({ does: "try", argv: ["true"] })]);
    for (const one of [...(await ended), ...(await later)]) {
      expect(one).toMatchObject({ reason: { message: expect.stringContaining(stopped) } });
    }
  });
});

describe("a host that does not end", () => {
  const brief = { loginMs: 10_000, observeMs: 300, runMs: 300 };

  test("is given up: its command, and its shell with what was asked of it", async () => {
    host = await startLoopbackHost();
    connection = await Connection.open(target, host.login, host.hostKeys, brief);
    await expect(connection.run({ does: "start kafka.service", argv: sh("exec sleep 60") })).rejects.toThrow(
      /: could not start kafka\.service within 0\.3 s\. See /,
    );
    await expect(connection.observe([sh("exec sleep 60")])).rejects.toThrow(
      /: its root shell did not answer within 0\.3 s\. See /,
    );
    expect(await connection.observe([["echo", "again"]])).toMatchObject([{ stdout: "again\n" }]);
  });
});

describe("a user who is not root", () => {
  test("becomes root through sudo that asks nothing", async () => {
    await start({}, { user: "pi" });
    host.program("sudo", 'printf "%s\\n" "$*" >> sudo.log; [ "$1" = -n ]; shift; exec "$@"');
    await connection.observe([["true"]]);
    await connection.run({ does: "write", argv: ["touch", "--", "a file"] });
    expect(readFileSync(join(host.folder, "sudo.log"), "utf8")).toBe(
      "-n env LC_ALL=C sh\n-n env LC_ALL=C touch -- a file\n",
    );
  });

  test("is told how to do without the password that sudo asks for", async () => {
    await start({}, { user: "pi" });
    host.program("sudo", 'echo "sudo: a password is required" >&2; exit 1');
    await expect(connection.observe([["true"]])).rejects.toThrow(
      "rpi0 (127.0.0.1): no root shell through sudo -n: sudo: a password is required. " +
        "Give the user passwordless sudo (`<user> ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d) or log in as root.",
    );
  });
});
