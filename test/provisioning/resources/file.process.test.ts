import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type FileArgs, file, writeFile, writeText } from "../../../provisioning/resources/file.ts";
import { sh } from "../../../provisioning/resources/host-resource.ts";
import type { Command, Result } from "../../../provisioning/ssh/command.ts";
import { owner, run, target, thisMachine } from "../this-machine.ts";

jest.setTimeout(60_000);

const want: FileArgs = { ...target, path: "/etc/a.conf", content: "a=1\n", mode: "0644", owner: "root:root" };
const write = writeText("/etc/a.conf", "a=1\n", "0644", "root:root");

describe("plan", () => {
  const cases: { name: string; have?: Partial<FileArgs>; foreign?: true; commands: Command[] }[] = [
    { name: "nothing there: written", commands: [write] },
    { name: "all as wanted: nothing", have: {}, commands: [] },
    { name: "all as wanted, made by somebody else: nothing", have: {}, foreign: true, commands: [] },
    {
      name: "other content: written anew, with mode and owner",
      have: { content: "a=2\n", mode: "0600" },
      commands: [write],
    },
    { name: "one byte less: written anew", have: { content: "a=1" }, commands: [write] },
    {
      name: "other content, made by somebody else: kept beside first",
      have: { content: "theirs" },
      foreign: true,
      commands: [
        {
          does: "keep /etc/a.conf",
          argv: sh('[ -e "$2" ] || cp -p -- "$1" "$2"', "/etc/a.conf", "/etc/a.conf.before-bramble"),
        },
        write,
      ],
    },
    {
      name: "other mode: changed alone",
      have: { mode: "0600" },
      commands: [{ does: "change the mode of /etc/a.conf", argv: ["chmod", "0644", "--", "/etc/a.conf"] }],
    },
    {
      name: "other owner: changed alone",
      have: { owner: "pi:pi" },
      commands: [{ does: "change the owner of /etc/a.conf", argv: ["chown", "root:root", "--", "/etc/a.conf"] }],
    },
    {
      // chown clears set-id bits, so the mode comes after.
      name: "other owner and mode: both, owner first",
      have: { owner: "pi:root", mode: "4644" },
      commands: [
        { does: "change the owner of /etc/a.conf", argv: ["chown", "root:root", "--", "/etc/a.conf"] },
        { does: "change the mode of /etc/a.conf", argv: ["chmod", "0644", "--", "/etc/a.conf"] },
      ],
    },
  ];
  test.each(cases)("$name", ({ have, foreign, commands }) => {
    expect(file.definition.plan(want, have && { ...want, ...have }, !foreign)).toEqual(commands);
  });
});

describe("read", () => {
  const ok = (stdout: string): Result => ({ exitCode: 0, stdout, stderr: "" });
  const failed = (stderr: string): Result => ({ exitCode: 1, stdout: "", stderr });
  const read = (...results: Result[]) => file.definition.read(results, want);

  test("gives every field as it is, the mode with four digits", () => {
    expect(read(ok("644|root:root\n"), ok("a=1\n"))).toEqual(want);
    expect(read(ok("4755|pi:kafka\n"), ok(""))).toEqual({ ...want, content: "", mode: "4755", owner: "pi:kafka" });
    expect(read(ok("0|root:root\n"), ok("")))?.toMatchObject({ mode: "0000" });
  });

  test.each(["stat: cannot statx '/etc/a.conf': No such file or directory", "stat: ...: Not a directory"])(
    "is absent on proof: %s",
    (stderr) => expect(read(failed(stderr), failed("cat: ..."))).toBeUndefined(),
  );

  test.each([
    ["a broken disk", failed("stat: cannot statx '/etc/a.conf': Input/output error"), failed("cat: ...")],
    ["a folder that may not be entered", failed("stat: cannot statx '/etc/a.conf': Permission denied"), failed("")],
    ["a folder in its place", ok("755|root:root\n"), failed("cat: /etc/a.conf: Is a directory")],
    [
      "a file that was gone between two looks",
      ok("644|root:root\n"),
      failed("cat: /etc/a.conf: No such file or directory"),
    ],
    ["a loop of links", failed("stat: cannot statx '/etc/a.conf': Too many levels of symbolic links"), failed("")],
    ["no stat on the host", { exitCode: 127, stdout: "", stderr: "sh: 1: stat: not found" }, ok("")],
  ])("cannot tell from %s", (_, stat, cat) => {
    expect(() => read(stat, cat)).toThrow(
      /^rpi0 \(127\.0\.0\.1\): \/etc\/a\.conf cannot be read: .*\. Fix that first; nothing/,
    );
  });
});

describe("on a real host", () => {
  const { session, done } = thisMachine();
  let folder: string;
  let here: FileArgs;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bramble-file-"));
    here = { ...target, path: join(folder, "it's here", "a.conf"), content: "grün\n\n", mode: "0640", owner };
    done();
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const converge = async (args: FileArgs, owned = true) =>
    file.apply(session, args, await file.observe(session, args), owned);

  test("a file is made once, seen as it is, and taken away", async () => {
    expect(await file.observe(session, here)).toBeUndefined();
    expect(await converge(here)).toEqual(here);
    expect(done()).toEqual([`write ${here.path}`]);
    expect(readFileSync(here.path, "utf8")).toBe("grün\n\n");
    expect(await converge(here)).toEqual(here);
    expect(done()).toEqual([]);
    await file.remove(session, here);
    expect(await file.observe(session, here)).toBeUndefined();
    await file.remove(session, here);
    expect(readdirSync(join(folder, "it's here"))).toEqual([]);
  });

  test.each([
    ["content", () => writeFileSync(here.path, "red\n")],
    ["mode", () => chmodSync(here.path, 0o777)],
    ["path", () => rmSync(here.path)],
  ])("a drift of its %s is seen and mended", async (field, change) => {
    await converge(here);
    change();
    const seen = await file.observe(session, here);
    if (field === "path") expect(seen).toBeUndefined();
    else expect({ ...seen, [field]: undefined }).toEqual({ ...here, [field]: undefined });
    expect(seen).not.toEqual(here);
    expect(await converge(here)).toEqual(here);
  });

  test("somebody else's file comes back, as it first was, when bramble's goes", async () => {
    mkdirSync(join(folder, "it's here"));
    writeFileSync(here.path, "theirs", { mode: 0o600 });
    await converge(here, false);
    await converge({ ...here, content: "second try of an up that was killed" }, false);
    expect(readFileSync(here.path, "utf8")).toBe("second try of an up that was killed");
    await file.remove(session, here);
    expect(readFileSync(here.path, "utf8")).toBe("theirs");
    expect(statSync(here.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "it's here"))).toEqual(["a.conf"]);
  });

  test("a link to a file counts as that file; one to nowhere as absent, and gives way", async () => {
    mkdirSync(join(folder, "it's here"));
    const real = join(folder, "real.conf");
    symlinkSync(real, here.path);
    expect(await file.observe(session, here)).toBeUndefined();
    await converge({ ...here, path: real });
    expect(await file.observe(session, here)).toEqual(here);
    rmSync(real);
    expect(await converge(here)).toEqual(here);
    expect(existsSync(real)).toBe(false);
  });

  test("input that ends early leaves the old file, and says so", async () => {
    await converge(here);
    const content = "x".repeat(100_000);
    const command = writeText(here.path, content, "0640", owner);
    for (const cutAfter of [0, 1, 65_536, 99_999]) {
      const result = await run(command.argv, command.stdin, { cutAfter });
      expect(result).toEqual({ exitCode: 1, stdout: "", stderr: "what arrived is not what was sent\n" });
      expect(await file.observe(session, here)).toEqual(here);
    }
    expect(readdirSync(join(folder, "it's here"))).toEqual(["a.conf"]);
    expect(await run(command.argv, command.stdin)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(here.path, "utf8")).toBe(content);
  });

  test("a leftover of a write that was killed is no obstacle", async () => {
    await converge(here);
    writeFileSync(`${here.path}.bramble-new`, "half");
    await converge({ ...here, content: "whole" });
    expect(readFileSync(here.path, "utf8")).toBe("whole");
    expect(readdirSync(join(folder, "it's here"))).toEqual(["a.conf"]);
  });

  test("a secret is never readable by others, not even for a moment", async () => {
    const [bin, log] = [join(folder, "bin"), join(folder, "modes")];
    mkdirSync(bin);
    const spy = `#!/bin/sh\nstat -c %a -- "$3" > "${log}"\nPATH=/usr/bin:/bin exec chmod "$@"\n`;
    writeFileSync(join(bin, "chmod"), spy, { mode: 0o755 });
    const { argv, stdin } = writeText(here.path, "secret", "0600", owner);
    expect(await run(argv, stdin, { path: bin })).toMatchObject({ exitCode: 0 });
    expect(readFileSync(log, "utf8")).toBe("600\n");
  });

  test("names that programs may take for something else are just names", async () => {
    for (const name of ["-n", "a\\b\nc", "*$HOME"]) {
      const odd = { ...here, path: join(folder, name) };
      expect(await converge(odd)).toEqual(odd);
      expect(done()).toEqual([`write ${odd.path}`]);
      await file.remove(session, odd);
      done();
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a file of this machine arrives whole or not at all", async () => {
    const source = join(folder, "source");
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 256));
    writeFileSync(source, bytes);
    const sum = createHash("sha256").update(bytes).digest("hex");
    const path = join(folder, "copy");
    const copy = writeFile(path, { file: source }, sum, "0644", owner);
    expect(await run(copy.argv, copy.stdin, { cutAfter: 200_000 })).toMatchObject({ exitCode: 1 });
    expect(existsSync(path)).toBe(false);
    expect(await run(copy.argv, copy.stdin)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });
});
