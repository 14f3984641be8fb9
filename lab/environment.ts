import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { cacheFolder } from "../setup/cache.ts";
import { type Lab, projectFolder } from "./lab.ts";

export type Variables = Readonly<Record<string, string>>;

/**
 * What Pulumi needs to run this project against real Pis: programs on PATH and, where the user has chosen none, a
 * backend and a passphrase. Makes the passphrase file if it is wanted and absent.
 */
export function projectEnvironment(environment: NodeJS.ProcessEnv = process.env): Variables {
  return {
    ...commonEnvironment(environment),
    ...(environment.PULUMI_BACKEND_URL || isLoggedIn(environment) ? {} : { PULUMI_BACKEND_URL: "file://~" }),
  };
}

/** The same for a lab, which keeps its own state and trusted host keys, so that wiping it deletes them too. */
export function labEnvironment(lab: Lab, environment: NodeJS.ProcessEnv = process.env): Variables {
  return {
    ...commonEnvironment(environment),
    PULUMI_BACKEND_URL: environment.PULUMI_BACKEND_URL || `file://${lab.pulumiState}`,
    BRAMBLE_KNOWN_HOSTS: lab.knownHosts,
    BRAMBLE_LAB: lab.name,
  };
}

function commonEnvironment(environment: NodeJS.ProcessEnv): Variables {
  const first = [join(projectFolder, "cli"), join(cacheFolder(environment), "bin")];
  // Last, and only if it is needed: Pulumi takes a plugin on PATH before an installed one.
  const last = hasOfficialCommandPlugin(environment) ? [] : [join(projectFolder, "lab", "command-plugin")];
  const users = (environment.PATH ?? "").split(delimiter).filter((folder) => ![...first, ...last].includes(folder));
  return {
    PATH: [...first, ...users, ...last].join(delimiter),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...passphrase(environment),
  };
}

/** Makes the passphrase file while this is still the user's process, not root's: it must be the user's to read. */
export function preparePassphrase(environment: NodeJS.ProcessEnv = process.env): void {
  passphrase(environment);
}

function passphrase(environment: NodeJS.ProcessEnv): Variables {
  const { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE, XDG_CONFIG_HOME } = environment;
  // An empty passphrase is a choice too.
  if (PULUMI_CONFIG_PASSPHRASE !== undefined || PULUMI_CONFIG_PASSPHRASE_FILE) return {};
  const folder = join(XDG_CONFIG_HOME || join(homedir(), ".config"), "bramble");
  const file = join(folder, "passphrase");
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // `wx`: of two that start at once only one may write, or the other's secrets could not be read again.
    try {
      writeFileSync(file, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  return { PULUMI_CONFIG_PASSPHRASE_FILE: file };
}

function pulumiHome({ PULUMI_HOME }: NodeJS.ProcessEnv): string {
  return PULUMI_HOME || join(homedir(), ".pulumi");
}

function hasOfficialCommandPlugin(environment: NodeJS.ProcessEnv): boolean {
  const { dependencies } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"));
  const folder = `resource-command-v${dependencies["@pulumi/command"]}`;
  return existsSync(join(pulumiHome(environment), "plugins", folder, "pulumi-resource-command"));
}

function isLoggedIn(environment: NodeJS.ProcessEnv): boolean {
  try {
    const credentials = JSON.parse(readFileSync(join(pulumiHome(environment), "credentials.json"), "utf8"));
    return Boolean((credentials as { current?: string }).current);
  } catch {
    return false; // No such file: nobody has logged in.
  }
}
