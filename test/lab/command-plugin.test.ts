import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { down } from "../../lab/down.ts";
import { execInLab } from "../../lab/enter.ts";
import { openLab, prepareLab, projectFolder } from "../../lab/lab.ts";
import { up } from "../../lab/up.ts";
import { runInLab, runOnHost } from "./run-in-lab.ts";

const lab = openLab("test-plugin");
let project: string;

/** A program that runs commands on rpi1, written by its tests' wishes in the variable WISH. */
const program = `
import command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

const wish = JSON.parse(process.env.WISH);
const password = pulumi.secret(wish.password ?? "raspberry");
const connection = { host: "10.42.0.251", user: "pi", password, hostKey: wish.hostKey, dialErrorLimit: 1 };
const say = new command.remote.Command("say", {
  connection,
  create: wish.create ?? "echo created >> log; cat; echo spoken >&2",
  delete: "echo deleted >> log",
  stdin: pulumi.secret("whispered"),
  triggers: [wish.trigger ?? 1],
  addPreviousOutputInEnv: false,
});
new command.remote.Command("again", { connection, create: "true", environment: wish.environment });
export const { stdout, stderr } = say;
`;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "bramble-plugin-"));
  symlinkSync(join(projectFolder, "node_modules"), join(project, "node_modules"));
  writeFileSync(
    join(project, "Pulumi.yaml"),
    "name: plugin\nmain: index.ts\nruntime: { name: nodejs, options: { typescript: false } }\n",
  );
  writeFileSync(join(project, "package.json"), '{ "name": "plugin", "type": "module", "main": "index.ts" }');
  writeFileSync(join(project, "index.ts"), program);
  mkdirSync(join(project, "state"));
  await down(lab, { wipe: true });
  prepareLab(lab);
  await up(lab, { owner: process.pid });
  expect(pulumi(["stack", "init", "test"]).status).toBe(0);
});

afterAll(async () => {
  await down(lab, { wipe: true });
  rmSync(project, { recursive: true });
});

function pulumi(args: string[], wish: object = {}) {
  const { argv, env } = execInLab(lab, ["pulumi", ...args, "--non-interactive", "--color", "never"]);
  const [entering = "", ...rest] = argv;
  const variables = {
    ...env,
    // First, so that it is the stand-in that runs even where the official plugin is installed.
    PATH: [join(projectFolder, "lab", "command-plugin"), env.PATH].join(delimiter),
    PULUMI_BACKEND_URL: `file://${project}/state`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    WISH: JSON.stringify(wish),
  };
  const { status, stdout, stderr } = spawnSync(entering, rest, { cwd: project, env: variables, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

const deploy = (wish: object = {}) => pulumi(["up", "--yes", "--skip-preview"], wish);

test("a first `up` runs the command, says once that it stands in, and keeps secrets secret", () => {
  const { status, output } = deploy();
  expect(output).toContain("3 created");
  expect(status).toBe(0);
  const diagnostics = output.slice(output.indexOf("Diagnostics:"));
  expect(diagnostics.match(/using bramble's offline stand-in/g)).toHaveLength(1);

  expect(runOnHost(lab, "rpi1", "cat log")).toBe("created");
  // What the command printed repeats its secret input.
  expect(pulumi(["stack", "output", "stdout"]).output).toBe("[secret]\n");
  expect(pulumi(["stack", "output", "stdout", "--show-secrets"]).output).toBe("whispered\n");
  expect(pulumi(["stack", "output", "stderr", "--show-secrets"]).output).toBe("spoken\n");
  const state = pulumi(["stack", "export"]).output;
  expect(state).toContain("command:remote:Command");
  expect(state).not.toMatch(/raspberry|whispered/);
});

test("a second `up` has nothing to do", () => {
  expect(deploy().output).toMatch(/3 unchanged/);
  expect(runOnHost(lab, "rpi1", "cat log")).toBe("created");
});

test("a preview of a changed command touches nothing and does not know its output", () => {
  const { output } = pulumi(["preview", "--diff"], { create: "echo other >> log" });
  expect(output).toMatch(/1 to update/);
  expect(runOnHost(lab, "rpi1", "cat log")).toBe("created");
});

test("a changed trigger replaces: create runs, then delete of the old one", () => {
  expect(deploy({ trigger: 2 }).output).toMatch(/\+-1 replaced/);
  expect(runOnHost(lab, "rpi1", "cat log")).toBe("created\ncreated\ndeleted");
});

test("a command that fails fails the deployment, with its exit code and output", () => {
  const { status, output } = deploy({ trigger: 2, create: "echo so far; echo so bad >&2; exit 3" });
  expect(status).not.toBe(0);
  expect(output).toMatch(/Process exited with status 3: running "echo so far; .*":\s+so far\s+so bad/);
});

test("a variable that sshd does not accept is an error that says why", () => {
  const { output } = deploy({ trigger: 2, environment: { SECRET_OF_MINE: "x" } });
  expect(output).toMatch(/Unable to set 'SECRET_OF_MINE'.*AcceptEnv/);
});

test("a host with another key than the expected one is not logged in to", () => {
  expect(deploy({ trigger: 3, hostKey: hostKey("10.42.0.252") }).output).toMatch(
    /after 1 failed attempts: pi@10\.42\.0\.251:22: ssh: host key mismatch/,
  );
});

test("a wrong password is told, and never shown", () => {
  const { status, output } = deploy({ trigger: 4, password: "strawberry" });
  expect(status).not.toBe(0);
  expect(output).toMatch(/pi@10\.42\.0\.251:22: ssh: .*authentication/);
  expect(output).not.toContain("strawberry");
});

test("with the host's own key it works again, and `destroy` runs delete", () => {
  expect(deploy({ hostKey: hostKey("10.42.0.251") }).status).toBe(0);
  runOnHost(lab, "rpi1", "rm log");
  expect(pulumi(["destroy", "--yes", "--skip-preview"]).status).toBe(0);
  expect(runOnHost(lab, "rpi1", "cat log")).toBe("deleted");
});

/** In the form that `hostKey` wants; ECDSA is what the official plugin asks a host for first. */
function hostKey(address: string): string {
  return runInLab(lab, ["ssh-keyscan", "-t", "ecdsa", address]).stdout.split(" ").slice(1).join(" ");
}
