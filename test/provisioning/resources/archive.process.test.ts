import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type ArchiveArgs, type ArchiveState, archive } from "../../../provisioning/resources/archive.ts";
import type { Result } from "../../../provisioning/ssh/command.ts";
import { run, target, thisMachine } from "../this-machine.ts";

jest.setTimeout(60_000);

const want: ArchiveArgs = {
  ...target,
  path: "/opt/kafka",
  version: "kafka 3.9.2",
  marker: "libs/kafka-3.9.2.jar",
  keep: ["config", "logs"],
  scratch: ["logs"],
  integrity: "intact",
  archive: "/cache/kafka.tgz",
};
const installed: ArchiveState = { ...want, installed: true };

describe("plan", () => {
  const cases: { name: string; have?: Partial<ArchiveState>; does: string[] }[] = [
    { name: "nothing there: unpacked", does: ["unpack kafka 3.9.2 into /opt/kafka"] },
    { name: "there and intact: nothing", have: {}, does: [] },
    { name: "there by another hand in the wanted version: nothing", have: { installed: false }, does: [] },
    {
      name: "another version: unpacked",
      have: { version: "kafka 3.9.1" },
      does: ["unpack kafka 3.9.2 into /opt/kafka"],
    },
    { name: "damaged: unpacked", have: { integrity: "damaged" }, does: ["unpack kafka 3.9.2 into /opt/kafka"] },
  ];
  test.each(cases)("$name", ({ have, does }) => {
    const commands = archive.definition.plan(want, have && { ...installed, ...have }, true);
    expect(commands.map((command) => command.does)).toEqual(does);
    for (const { stdin } of commands) expect(stdin).toEqual({ file: "/cache/kafka.tgz" });
  });

  test("another version by another hand is refused, with what to do", () => {
    expect(() => archive.definition.plan(want, { ...installed, installed: false, version: "unknown" }, false)).toThrow(
      "rpi0 (127.0.0.1): /opt/kafka has no libs/kafka-3.9.2.jar in it; expected kafka 3.9.2. " +
        "Write the version that is there into the pipeline file, or move the folder away: `sudo mv /opt/kafka /opt/kafka.old`.",
    );
  });

  test("a folder by another hand is left when it is no longer wanted", () => {
    expect(archive.definition.planDelete({ ...installed, installed: false })).toEqual([]);
    expect(archive.definition.planDelete(installed)).toEqual([
      { does: "remove /opt/kafka", argv: expect.arrayContaining(["/opt/kafka", "/opt"]) },
    ]);
  });
});

describe("read", () => {
  const ok = (stdout = ""): Result => ({ exitCode: 0, stdout, stderr: "" });
  const failed = (stderr: string, exitCode = 1): Result => ({ exitCode, stdout: "", stderr });
  const none = failed("stat: cannot statx '...': No such file or directory");
  const broken = failed("cat: ...: Input/output error");
  const cannotEnter = failed("sh: 1: cd: can't cd to /opt/kafka", 2);
  const read = (...results: Result[]) => archive.definition.read(results, want);

  test.each([
    ["nothing there", [none, none, none, cannotEnter], undefined],
    ["as unpacked", [ok(), ok(), ok("kafka 3.9.2\nabc\n"), ok("abc\n")], installed],
    ["an older one", [ok(), none, ok("kafka 3.9.1\nabc\n"), ok("abc\n")], { ...installed, version: "kafka 3.9.1" }],
    ["damaged", [ok(), ok(), ok("kafka 3.9.2\nabc\n"), ok("abd\n")], { ...installed, integrity: "damaged" }],
    ["an empty stamp", [ok(), ok(), ok(""), ok("abc\n")], { ...installed, version: "", integrity: "damaged" }],
    ["by another hand", [ok(), ok(), none, ok("abc\n")], { ...installed, installed: false }],
    ["by another hand, unknown", [ok(), none, none, ok("a\n")], { ...installed, installed: false, version: "unknown" }],
    ["a file in its place", [ok(), none, none, cannotEnter], { ...installed, installed: false, version: "unknown" }],
  ])("%s", (_, results, state) => {
    expect(read(...results)).toEqual(state);
  });

  test.each([
    ["the folder", [broken, ok(), ok("kafka 3.9.2\nabc\n"), ok("abc\n")]],
    ["the marker", [ok(), broken, ok("kafka 3.9.2\nabc\n"), ok("abc\n")]],
    ["the stamp", [ok(), ok(), broken, ok("abc\n")]],
    ["the files", [ok(), ok(), ok("kafka 3.9.2\nabc\n"), failed("find: Input/output error", 2)]],
  ])("cannot tell when %s cannot be read", (_, results) => {
    expect(() => read(...results)).toThrow(
      /cannot be read: .*Input\/output error\. Fix that first; nothing is changed/,
    );
  });
});

describe("on a real host", () => {
  const { session, done } = thisMachine();
  let folder: string;
  let first: ArchiveArgs;
  let second: ArchiveArgs;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bramble-archive-"));
    const path = join(folder, "opt", "kafka");
    first = { ...want, path, version: "kafka 1", marker: "libs/kafka-1.jar", archive: pack("kafka_2.13-1", 1) };
    second = { ...want, path, version: "kafka 2", marker: "libs/kafka-2.jar", archive: pack("kafka_2.13-2", 2) };
    done();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** An archive in the official layout: one top folder. */
  function pack(top: string, version: number): string {
    const files: Record<string, string> = {
      [`libs/kafka-${version}.jar`]: `jar ${version}`.repeat(5_000),
      "libs/it's odd.jar": "odd",
      "bin/kafka-topics.sh": "#!/bin/sh\n",
      "config/server.properties": `default of ${version}\n`,
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, top, name)), { recursive: true });
      writeFileSync(join(folder, top, name), text, { mode: name.startsWith("bin") ? 0o755 : 0o644 });
    }
    const file = join(folder, `${top}.tgz`);
    execFileSync("tar", ["-czf", file, "-C", folder, top]);
    return file;
  }
  const inPlace = (name: string) => join(first.path, name);
  const converge = async (args: ArchiveArgs) =>
    archive.apply(session, args, await archive.observe(session, args), true);

  test("is unpacked once, with its modes, and taken away whole", async () => {
    expect(await archive.observe(session, first)).toBeUndefined();
    expect(await converge(first)).toEqual({ ...first, installed: true });
    expect(done()).toHaveLength(1);
    expect(await converge(first)).toEqual({ ...first, installed: true });
    expect(done()).toEqual([]);
    expect(statSync(inPlace("bin/kafka-topics.sh")).mode & 0o777).toBe(0o755);
    expect(statSync(inPlace("logs")).mode & 0o7777).toBe(0o1777);
    await archive.remove(session, { ...first, installed: true });
    expect(readdirSync(join(folder, "opt"))).toEqual([]);
  });

  test("another version replaces it; what the host keeps there stays", async () => {
    await converge(first);
    writeFileSync(inPlace("config/server.properties"), "ours");
    writeFileSync(inPlace("config/it's ours.properties"), "ours too");
    writeFileSync(inPlace("logs/controller.log"), "log");
    expect(await converge(second)).toEqual({ ...second, installed: true });
    expect(readdirSync(inPlace("libs")).sort()).toEqual(["it's odd.jar", "kafka-2.jar"]);
    expect(readFileSync(inPlace("config/server.properties"), "utf8")).toBe("ours");
    expect(readFileSync(inPlace("config/it's ours.properties"), "utf8")).toBe("ours too");
    expect(readFileSync(inPlace("logs/controller.log"), "utf8")).toBe("log");
    expect(readdirSync(join(folder, "opt"))).toEqual(["kafka"]);
  });

  const damages: [string, () => void][] = [
    ["a file changed", () => appendFileSync(inPlace("libs/kafka-1.jar"), "x")],
    ["a file rewritten with other bytes", () => writeFileSync(inPlace("libs/it's odd.jar"), "eve")],
    ["a file gone", () => rmSync(inPlace("bin/kafka-topics.sh"))],
    ["a file added", () => writeFileSync(inPlace("libs/extra.jar"), "")],
    ["a folder gone", () => rmSync(inPlace("libs"), { recursive: true })],
    ["a file that is called like a kept folder", () => writeFileSync(inPlace("libs/config"), "")],
  ];
  test.each(damages)("%s is damage, and mended", async (_, damage) => {
    await converge(first);
    damage();
    expect(await archive.observe(session, first)).toMatchObject({ integrity: "damaged", installed: true });
    expect(await converge(first)).toEqual({ ...first, installed: true });
    expect(await archive.observe(session, first)).toMatchObject({ integrity: "intact" });
  });

  test("settings and logs are no damage", async () => {
    await converge(first);
    writeFileSync(inPlace("config/server.properties"), "ours");
    writeFileSync(inPlace("logs/server.log"), "log");
    rmSync(inPlace("config"), { recursive: true });
    expect(await archive.observe(session, first)).toMatchObject({ integrity: "intact" });
  });

  test("an archive that ends early leaves things as they were", async () => {
    const cuts = ({ archive: file }: ArchiveArgs) => {
      const { size } = statSync(file);
      return [0, 10, Math.floor(size / 2), size - 9, size - 1];
    };
    const [unpackFirst] = archive.definition.plan(first, undefined, true);
    if (unpackFirst === undefined) throw new Error("nothing planned");
    for (const cutAfter of cuts(first)) {
      expect((await run(unpackFirst.argv, unpackFirst.stdin, { cutAfter })).exitCode).not.toBe(0);
      expect(await archive.observe(session, first)).toBeUndefined();
    }
    await converge(first);
    const before = await archive.observe(session, first);
    const [unpackSecond] = archive.definition.plan(second, before, true);
    if (unpackSecond === undefined) throw new Error("nothing planned");
    for (const cutAfter of cuts(second)) await run(unpackSecond.argv, unpackSecond.stdin, { cutAfter });
    expect(await archive.observe(session, first)).toEqual(before);
    expect(await converge(second)).toEqual({ ...second, installed: true });
    expect(readdirSync(join(folder, "opt"))).toEqual(["kafka"]);
  });

  test("an unpacking killed between its two renames loses nothing that the host keeps", async () => {
    await converge(first);
    writeFileSync(inPlace("config/server.properties"), "ours");
    renameSync(first.path, `${first.path}.bramble-old`);
    expect(await archive.observe(session, second)).toBeUndefined();
    await converge(second);
    expect(readFileSync(inPlace("config/server.properties"), "utf8")).toBe("ours");
    expect(readdirSync(join(folder, "opt"))).toEqual(["kafka"]);
  });

  test("a folder by another hand is used as it is, behind a link too", async () => {
    mkdirSync(join(folder, "opt"));
    symlinkSync(join(folder, "kafka_2.13-1"), first.path);
    const state = await archive.apply(session, first, await archive.observe(session, first), false);
    expect(state).toEqual({ ...first, installed: false });
    await expect(converge(second)).rejects.toThrow(/has no libs\/kafka-2\.jar in it; expected kafka 2\./);
    expect(done()).toEqual([]);
    await archive.remove(session, state);
    expect(existsSync(inPlace("libs/kafka-1.jar"))).toBe(true);
  });

  test("a link to nowhere is by another hand too", async () => {
    mkdirSync(join(folder, "opt"));
    symlinkSync(join(folder, "gone"), first.path);
    await expect(converge(first)).rejects.toThrow(/has no libs\/kafka-1\.jar in it; expected kafka 1\./);
  });
});
