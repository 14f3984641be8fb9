import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { projectFolder } from "../../lab/lab.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bramble-pulumi-"));
  writeFileSync(join(folder, "Pulumi.yaml"), "name: killed\nruntime: nodejs\n");
  pulumi("stack", "init", "test");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The real Pulumi behind the project's script, on a file backend. */
function pulumi(...args: string[]): { status: number | null; output: string } {
  const env = {
    ...process.env,
    PATH: [join(projectFolder, "cli"), process.env.PATH].join(delimiter),
    PULUMI_BACKEND_URL: `file://${folder}?no_tmp_dir=true`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const run = spawnSync("pulumi", [...args, "--non-interactive"], { cwd: folder, env, encoding: "utf8" });
  return { status: run.status, output: run.stdout + run.stderr };
}

/** Something that needs the stack's lock. */
function lockAndImport() {
  const file = join(folder, "exported.json");
  writeFileSync(file, pulumi("stack", "export", "--stack", "test").output);
  return pulumi("stack", "import", "--stack", "test", "--file", file);
}

/** What a `pulumi up` killed in its first moments leaves. Gives the file. */
function lock(name: string, content: object | ""): string {
  const locks = join(folder, ".pulumi/locks/organization/killed/test");
  mkdirSync(locks, { recursive: true });
  const file = join(locks, name);
  writeFileSync(file, content && JSON.stringify(content));
  return file;
}

const holder = (pid: number, host = hostname()) => ({
  pid,
  username: "somebody",
  hostname: host,
  timestamp: new Date(),
});

async function deadProcess(): Promise<number> {
  const child = spawn("true");
  await new Promise((ended) => child.once("exit", ended));
  return child.pid ?? 0;
}

test("the lock of a process that is gone is removed, and told", async () => {
  const pid = await deadProcess();
  const file = lock("left.json", holder(pid));
  const { status, output } = lockAndImport();
  expect(output).toContain("Import complete");
  expect(status).toBe(0);
  expect(existsSync(file)).toBe(false);
});

test.each([
  ["a living process", () => holder(process.pid)],
  ["a process of another machine", async () => holder(await deadProcess(), "elsewhere")],
])("the lock of %s is kept", async (_, content) => {
  const file = lock("held.json", await content());
  const { status, output } = lockAndImport();
  expect(output).toMatch(/the stack is currently locked by 1 lock[\s\S]*created by somebody@/);
  expect(status).not.toBe(0);
  expect(existsSync(file)).toBe(true);
});

test("a lock whose writer was killed is none, half-written or not yet in its place", async () => {
  lock("half.json.18f3a.tmp", "");
  lock("left.json.18f3b.tmp", holder(await deadProcess()));
  expect(lockAndImport()).toMatchObject({ status: 0 });
});

test("a stack whose attributes were being written when Pulumi was killed is read without them", () => {
  const stack = join(folder, ".pulumi/stacks/killed/test.json");
  const before = pulumi("stack", "export", "--stack", "test");
  expect(JSON.parse(before.output)).toHaveProperty("deployment");
  expect(existsSync(`${stack}.attrs`)).toBe(true);
  writeFileSync(`${stack}.attrs`, "");
  expect(pulumi("stack", "export", "--stack", "test")).toEqual(before);
});
