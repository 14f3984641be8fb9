import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { diff } from "../../../provisioning/provider/diff.ts";
import { writeFile } from "../../../provisioning/resources/file.ts";
import { type ReleaseArgs, release } from "../../../provisioning/resources/release.ts";
import type { Command, Result } from "../../../provisioning/ssh/command.ts";
import { owner, run, target, thisMachine } from "../this-machine.ts";

jest.setTimeout(60_000);

const sum = (text: string) => createHash("sha256").update(text).digest("hex");
const path = "/opt/bramble/releases/con1/0123456789abcdef";
const want: ReleaseArgs = {
  ...target,
  service: "con1",
  path,
  files: { "service.mjs": sum("code"), "temperatures.txt": sum("7 6 9") },
  sources: { "service.mjs": "/build/con1.mjs", "temperatures.txt": "/data/temperatures.txt" },
};
const writeCode = writeFile(`${path}/service.mjs`, { file: "/build/con1.mjs" }, sum("code"), "0644", "root:root");
const writeData = writeFile(
  `${path}/temperatures.txt`,
  { file: "/data/temperatures.txt" },
  sum("7 6 9"),
  "0644",
  "root:root",
);

describe("plan", () => {
  const cases: { name: string; files?: Record<string, string>; commands: Command[] }[] = [
    { name: "nothing there: every file", commands: [writeCode, writeData] },
    { name: "all there: nothing", files: want.files, commands: [] },
    { name: "one damaged: that one", files: { ...want.files, "service.mjs": sum("c0de") }, commands: [writeCode] },
    { name: "one missing: that one", files: { "service.mjs": sum("code") }, commands: [writeData] },
    {
      name: "one too many: gone",
      files: { ...want.files, "sub/it's extra": sum("") },
      commands: [{ does: `remove sub/it's extra from ${path}`, argv: ["rm", "-f", "--", `${path}/sub/it's extra`] }],
    },
  ];
  test.each(cases)("$name", ({ files, commands }) => {
    expect(release.definition.plan(want, files && { ...want, files }, true)).toEqual(commands);
  });

  test("one of a stack that recorded no service is made to record it, and nothing else", () => {
    const { service: _, ...recorded } = want;
    expect(diff(release, recorded, { ...want }, recorded)).toEqual([{ path: "service", kind: "add", replace: false }]);
    expect(release.definition.plan(want, recorded as ReleaseArgs, true)).toEqual([]);
  });
});

describe("read", () => {
  const ok = (stdout = ""): Result => ({ exitCode: 0, stdout, stderr: "" });
  const failed = (stderr: string): Result => ({ exitCode: 1, stdout: "", stderr });
  const none = failed(`stat: cannot statx '${path}': No such file or directory`);

  test("is absent on proof", () => {
    expect(release.definition.read([none, failed(`find: '${path}': No such file or directory`)], want)).toBeUndefined();
  });

  test.each([
    ["the folder", failed("stat: Input/output error"), ok()],
    ["a file", ok(), failed("sha256sum: service.mjs: Input/output error")],
  ])("cannot tell when %s cannot be read", (_, stat, sums) => {
    expect(() => release.definition.read([stat, sums], want)).toThrow(
      /cannot be read: .*Input\/output error\. Fix that/,
    );
  });
});

describe("on a real host", () => {
  const { session, done } = thisMachine();
  let folder: string;
  let here: ReleaseArgs;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bramble-release-"));
    const names = ["service.mjs", "it's\\odd\nname", "-n"];
    for (const name of names) writeFileSync(join(folder, name), `text of ${name}`);
    here = {
      ...target,
      service: "con1",
      path: join(folder, "host", "releases", "con1", "0123"),
      files: Object.fromEntries(names.map((name) => [name, sum(`text of ${name}`)])),
      sources: Object.fromEntries(names.map((name) => [name, join(folder, name)])),
    };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** As on a Pi, but owned by whoever runs the test. */
  async function converge(): Promise<ReleaseArgs | undefined> {
    for (const { argv, stdin } of release.definition.plan(here, await release.observe(session, here), true)) {
      const mine = argv.map((arg) => (arg === "root:root" ? owner : arg));
      expect(await run(["env", ...mine], stdin)).toMatchObject({ exitCode: 0 });
    }
    return release.observe(session, here);
  }

  test("a release is made, seen as it is, and goes with the folders that it leaves empty", async () => {
    expect(await release.observe(session, here)).toBeUndefined();
    expect(await converge()).toEqual(here);
    expect(release.definition.plan(here, await release.observe(session, here), true)).toEqual([]);
    await release.remove(session, here);
    await release.remove(session, here);
    expect(done()).toEqual([`remove ${here.path}`, `remove ${here.path}`]);
    expect(existsSync(join(folder, "host"))).toBe(false);
    expect(existsSync(folder)).toBe(true);
  });

  test("another release of the service stays", async () => {
    await converge();
    const other = join(here.path, "..", "4567");
    await run(["mkdir", other]);
    await release.remove(session, here);
    expect(readdirSync(join(here.path, ".."))).toEqual(["4567"]);
  });

  test("a damaged, a missing and a foreign file are seen by name and mended", async () => {
    await converge();
    writeFileSync(join(here.path, "service.mjs"), "c0de");
    rmSync(join(here.path, "-n"));
    writeFileSync(join(here.path, "extra"), "");
    writeFileSync(join(here.path, "service.mjs.bramble-new"), "half of an upload that was killed");
    expect((await release.observe(session, here))?.files).toEqual({
      "it's\\odd\nname": here.files["it's\\odd\nname"],
      "service.mjs": sum("c0de"),
      extra: sum(""),
      "service.mjs.bramble-new": sum("half of an upload that was killed"),
    });
    expect(await converge()).toEqual(here);
    expect(readFileSync(join(here.path, "service.mjs"), "utf8")).toBe("text of service.mjs");
  });
});
