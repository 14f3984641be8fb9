import { createHash } from "node:crypto";

type Section = readonly (readonly [key: string, value: string])[];

/** Text of a systemd unit (systemd.unit(5)). */
export function unitFile(sections: Readonly<Record<string, Section>>): string {
  const text = Object.entries(sections).map(
    ([name, entries]) => `[${name}]\n${entries.map(([key, value]) => `${key}=${value}\n`).join("")}`,
  );
  return `# Managed by bramble: a change made here is undone by the next \`pulumi up\`.\n\n${text.join("\n")}`;
}

/** SHA-256 of texts by path, in hexadecimal, as sha256sum(1) prints it. */
export function checksums(texts: Readonly<Record<string, string>>): Record<string, string> {
  const sum = (text: string) => createHash("sha256").update(text).digest("hex");
  return Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, sum(text)]));
}

/** What a Java daemon needs beside its command. */
export function daemonUnit(options: {
  readonly description: string;
  readonly after: readonly string[];
  /** Base of the state and log folders below /var/lib and /var/log. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly execStartPre?: string;
  readonly execStart: string;
}): string {
  const environment = Object.entries({ ...options.environment, LOG_DIR: `/var/log/${options.folder}` });
  return unitFile({
    Unit: [
      ["Description", options.description],
      ["Wants", "network-online.target"],
      ["After", ["network-online.target", ...options.after].join(" ")],
      // A Pi whose neighbours are still booting must go on trying.
      ["StartLimitIntervalSec", "0"],
    ],
    Service: [
      ["User", "kafka"],
      ["StateDirectory", options.folder],
      ["LogsDirectory", options.folder],
      ["LimitNOFILE", "20000"],
      ...environment.map(([key, value]) => ["Environment", `"${key}=${value}"`] as const),
      ...(options.execStartPre === undefined ? [] : [["ExecStartPre", options.execStartPre] as const]),
      ["ExecStart", options.execStart],
      // A JVM that is asked to stop ends with 128 + SIGTERM.
      ["SuccessExitStatus", "143"],
      // An orderly stop waits for a quorum that may be gone.
      ["TimeoutStopSec", "15"],
      ["Restart", "always"],
      ["RestartSec", "2"],
      ["NoNewPrivileges", "yes"],
      ["ProtectSystem", "full"],
      ["ProtectHome", "yes"],
      ["PrivateTmp", "yes"],
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}

/** A Java properties file, as java.util.Properties reads it (in Latin-1), in the order given. */
export function propertiesFile(properties: Readonly<Record<string, string>>): string {
  const lines = Object.entries(properties).map(
    ([key, value]) => `${escaped(key, /[\\ :=#!]|[^ -~]/g)}=${escaped(value, /\\|^ |[^ -~]/g)}\n`,
  );
  return `# Managed by bramble: a change made here is undone by the next \`pulumi up\`.\n${lines.join("")}`;
}

function escaped(text: string, special: RegExp): string {
  return text.replace(special, (unit) =>
    /[ -~]/.test(unit) ? `\\${unit}` : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What is wanted of every unit: started at boot and running now, with what is on the disk and nothing else. */
export const running = { dropIns: [], enabled: "enabled", active: "active", running: "current" };
