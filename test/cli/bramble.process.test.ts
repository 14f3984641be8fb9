import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stackPipelineFile } from "../../cli/pipeline-option.ts";
import { projectFolder } from "../../lab/lab.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bramble-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Starts the command with nothing but `bin` and a shell's own programs on PATH. */
function bramble(
  args: string[],
  { bin = join(process.execPath, ".."), command = join(projectFolder, "cli/bramble") } = {},
) {
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, BRAMBLE_CACHE: join(folder, "cache") };
  return spawnSync(command, args, { env, encoding: "utf8" });
}

describe("bramble", () => {
  test("runs through a link, as npx starts it", () => {
    const command = join(folder, "bramble");
    symlinkSync(join(projectFolder, "cli/bramble"), command);
    expect(bramble(["--help"], { command })).toMatchObject({ status: 0, stderr: "" });
  });

  test("says what to do when Node is too old", () => {
    writeFileSync(join(folder, "node"), "#!/bin/sh\necho v20.20.2\n", { mode: 0o755 });
    const { status, stderr } = bramble(["--help"], { bin: folder });
    expect(status).toBe(1);
    expect(stderr).toBe(`bramble: needs Node 24 or newer and found v20.20.2; run \`make setup\` in ${projectFolder}\n`);
  });

  test("prints variables that a shell takes in, whatever is in them", () => {
    const { stdout } = bramble(["env"]);
    const script = `${stdout}\nprintf '%s\\n' "$PULUMI_BACKEND_URL" "$PULUMI_CONFIG_PASSPHRASE_FILE"`;
    const shell = spawnSync("sh", ["-c", script], { encoding: "utf8" });
    expect(shell.stdout).toBe(`file://~\n${folder}/.config/bramble/passphrase\n`);
  });

  test("validate and check take the stack's pipeline file when they are given none", () => {
    const file = stackPipelineFile();
    expect(bramble(["validate"])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`${file}: valid; hosts: `),
    });
    expect(bramble(["check"]).stdout).toBe(bramble(["check", file]).stdout);
  });

  test("tells mistakes on standard error, in a sentence, and fails", () => {
    const { status, stdout, stderr } = bramble(["lab", "ssh", "rpi9"]);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toBe("bramble: there is no host `rpi9` in the lab; its hosts are rpi0, rpi1, rpi2, rpi3\n");
    expect(bramble(["deadletters", "con9"])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^bramble: there is no service con9; services with a dead-letter topic: con1, .*; did you mean con1\?\n$/,
      ),
    });
    const forScript = bramble(["deadletters", "con9", "--json"]);
    expect([forScript.status, forScript.stdout, JSON.parse(forScript.stderr)]).toEqual([
      ...[1, ""],
      {
        error: {
          code: "service-unknown",
          message: expect.stringMatching(/^there is no service con9; services with a dead-letter topic: con1/),
        },
      },
    ]);
    expect(bramble(["lab", "fly"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("unknown command 'fly'"),
    });
  });
});
