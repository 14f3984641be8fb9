import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Argv, batchScript, quote, readBatch } from "../../../provisioning/ssh/command.ts";

/** Any text that can be an argument: execve(2) takes all but NUL. */
const argument = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
  fc.stringMatching(/^[-~='"\\$`!*?#&;|<>(){}[\] \t\n\r]*$/),
  fc.constantFrom(
    "",
    "-n",
    "--",
    "~",
    "~root",
    "$HOME",
    "$(id)",
    "`id`",
    "\\",
    "'",
    '"',
    "*",
    "\n",
    "a b",
    "=ls",
    "%1",
  ),
);

describe("an argv as a line for a shell", () => {
  // sshd hands the line to the user's shell, which on a Pi is bash; root's batches go through sh.
  test.each(["sh", "bash"])("any arguments arrive as they were through %s", (shell) => {
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 200 }), (args) => {
        const line = quote(["printf", "%s\\0", ...args]);
        const arrived = execFileSync(shell, ["-c", line], {
          encoding: "utf8",
          cwd: tmpdir(),
          stdio: ["ignore", "pipe", "inherit"],
        });
        expect(arrived.split("\0").slice(0, -1)).toEqual(args);
      }),
      { numRuns: 25 },
    );
  });
});

describe("a batch", () => {
  const mark = "0123456789abcdef01234567";
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "bramble-batch-"));
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  const inShell = (script: string) =>
    execFileSync("sh", { input: script, env: { ...process.env, d: scratch }, maxBuffer: 1e8 });
  const saying = (stdout: string, stderr: string, exitCode: number): Argv => [
    "sh",
    "-c",
    'printf %s "$1"; printf %s "$2" >&2; exit "$3"',
    "sh",
    stdout,
    stderr,
    String(exitCode),
  ];
  const output = fc.oneof(
    argument,
    fc.constantFrom(`${mark} 0 1 1\n`, `\n${mark} 0 0 0`, `${mark} 0 99999 0\nx`, mark, "x\n".repeat(9_000)),
  );
  const said = fc.record({ exitCode: fc.integer({ min: 0, max: 255 }), stdout: output, stderr: output });

  test("gives each command's output as it was, frames or not, and its exit code", () => {
    fc.assert(
      fc.property(fc.array(said, { minLength: 1, maxLength: 6 }), (results) => {
        const commands = results.map(({ stdout, stderr, exitCode }) => saying(stdout, stderr, exitCode));
        expect(readBatch(inShell(batchScript(commands, mark)), results.length, mark)).toEqual(results);
      }),
      { numRuns: 15 },
    );
  });

  test("is not read before its last byte is there", () => {
    const results = [
      { exitCode: 0, stdout: `${mark} 0 0 0\n`, stderr: "" },
      { exitCode: 3, stdout: "grün", stderr: "no\n" },
    ];
    const whole = inShell(batchScript([saying(`${mark} 0 0 0\n`, "", 0), saying("grün", "no\n", 3)], mark));
    for (let length = 0; length < whole.length; length++) {
      expect(readBatch(whole.subarray(0, length), 2, mark)).toBeUndefined();
    }
    expect(readBatch(whole, 2, mark)).toEqual(results);
  });

  test("goes on after a program that is not there, that is killed, or that reads its input", () => {
    const commands: Argv[] = [["no-such-program"], ["sh", "-c", "kill -9 $$"], ["cat"], ["uname", "-s"]];
    const results = readBatch(inShell(batchScript(commands, mark)), 4, mark);
    expect(results?.map(({ exitCode }) => exitCode)).toEqual([127, 137, 0, 0]);
    expect(results?.[0]?.stderr).toMatch(/no-such-program: not found/);
    expect(results?.[3]?.stdout).toBe("Linux\n");
  });

  test("starts afresh: nothing of the batch before it is printed again", () => {
    const [first, second] = ["first", "second"].map((text) => batchScript([saying(text, "", 0)], mark));
    const printed = inShell(`${first}${second}`);
    const half = printed.length - `${mark} 0 6 0\nsecond`.length;
    expect(readBatch(printed.subarray(half), 1, mark)).toEqual([{ exitCode: 0, stdout: "second", stderr: "" }]);
    expect(readdirSync(scratch).filter((name) => !/^(all|[0-5][oe])$/.test(name))).toEqual([]);
  });
});
