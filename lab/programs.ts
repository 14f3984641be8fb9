import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { LabError } from "./lab-error.ts";

/** What the lab runs on this machine, by the name of its Debian package. */
const packages: Readonly<Record<string, readonly string[]>> = {
  "util-linux": ["unshare", "nsenter", "setpriv"],
  iproute2: ["ip"],
  "systemd-container": ["systemd-nspawn"],
  mmdebstrap: ["mmdebstrap"],
  "openssh-client": ["ssh", "ssh-keygen"],
};

export function requirePrograms(path = process.env.PATH): void {
  const missing = Object.entries(packages).filter(([, programs]) => !programs.every((name) => isOnPath(name, path)));
  if (missing.length === 0) return;
  throw new LabError(
    `the lab needs ${missing.map(([name, programs]) => `${programs.join(", ")} (package ${name})`).join("; ")}, ` +
      "which are not on PATH; `make setup` installs what is missing",
  );
}

export function isOnPath(program: string, path = ""): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
