import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { labEnvironment, projectEnvironment } from "../../lab/environment.ts";
import { openLab, projectFolder } from "../../lab/lab.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "bramble-home-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** A user who has set nothing, with folders of their own so that the real ones stay untouched. */
function user(set: Record<string, string> = {}): NodeJS.ProcessEnv {
  const folders = { BRAMBLE_CACHE: "/cache", XDG_CONFIG_HOME: join(home, "config"), PULUMI_HOME: join(home, "pulumi") };
  return { PATH: "/usr/bin:/bin", ...folders, ...set };
}

function installOfficialPlugin(): void {
  const folder = join(home, "pulumi", "plugins", "resource-command-v1.2.1");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "pulumi-resource-command"), "");
}

describe("PATH", () => {
  const own = [join(projectFolder, "cli"), "/cache/bin"];
  const standIn = join(projectFolder, "lab", "command-plugin");

  test("puts bramble's tools first, and the offline stand-in last", () => {
    expect(projectEnvironment(user()).PATH?.split(":")).toEqual([...own, "/usr/bin", "/bin", standIn]);
  });

  test("leaves the stand-in out when the official plugin is installed, as a plugin on PATH would win", () => {
    installOfficialPlugin();
    expect(projectEnvironment(user()).PATH?.split(":")).toEqual([...own, "/usr/bin", "/bin"]);
  });

  test("stays the same when it is set a second time", () => {
    const { PATH = "" } = projectEnvironment(user());
    expect(projectEnvironment(user({ PATH })).PATH).toBe(PATH);
  });
});

describe("passphrase", () => {
  test("is made once, for the user's eyes only, and kept", () => {
    const { PULUMI_CONFIG_PASSPHRASE_FILE: file = "" } = projectEnvironment(user());
    const passphrase = readFileSync(file, "utf8");
    expect(passphrase.length).toBeGreaterThanOrEqual(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    projectEnvironment(user());
    expect(readFileSync(file, "utf8")).toBe(passphrase);
  });

  test.each([[{ PULUMI_CONFIG_PASSPHRASE: "" }], [{ PULUMI_CONFIG_PASSPHRASE_FILE: "/elsewhere" }]])(
    "is the user's own with %j",
    (set) => {
      expect(projectEnvironment(user(set))).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
    },
  );
});

describe("backend", () => {
  test("is the user's home folder where the user has chosen none", () => {
    expect(projectEnvironment(user()).PULUMI_BACKEND_URL).toBe("file://~");
  });

  test("is left to Pulumi where the user has logged in", () => {
    mkdirSync(join(home, "pulumi"), { recursive: true });
    writeFileSync(join(home, "pulumi", "credentials.json"), '{ "current": "file:///srv/state" }');
    expect(projectEnvironment(user())).not.toHaveProperty("PULUMI_BACKEND_URL");
  });

  test("of a lab is its own folder, unless a variable names another", () => {
    const lab = openLab("school");
    expect(labEnvironment(lab, user()).PULUMI_BACKEND_URL).toBe(`file://${projectFolder}/.lab/school/pulumi`);
    const chosen = user({ PULUMI_BACKEND_URL: "file:///srv/state" });
    expect(labEnvironment(lab, chosen).PULUMI_BACKEND_URL).toBe("file:///srv/state");
  });
});

test("a lab has trusted host keys of its own, and programs in it mean that lab", () => {
  expect(labEnvironment(openLab("school"), user())).toMatchObject({
    BRAMBLE_KNOWN_HOSTS: join(projectFolder, ".lab", "school", "known_hosts"),
    BRAMBLE_LAB: "school",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  });
});
