import { createHash } from "node:crypto";

type Section = readonly (readonly [key: string, value: string])[];

/** Text of a systemd unit (systemd.unit(5)); `reads` are the contents of files the unit reads, so that their change shows. */
export function unitFile(sections: Readonly<Record<string, Section>>, reads: readonly string[]): string {
  const digest = createHash("sha256").update(JSON.stringify(reads)).digest("hex").slice(0, 16);
  const text = Object.entries(sections).map(
    ([name, entries]) => `[${name}]\n${entries.map(([key, value]) => `${key}=${value}\n`).join("")}`,
  );
  const note = reads.length === 0 ? "" : `# The files it reads have digest ${digest}.\n`;
  return `# Managed by bramble: a change made here is undone by the next \`pulumi up\`.\n${note}\n${text.join("\n")}`;
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
  readonly reads: readonly string[];
}): string {
  const environment = Object.entries({ ...options.environment, LOG_DIR: `/var/log/${options.folder}` });
  return unitFile(
    {
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
    },
    options.reads,
  );
}

/** A Java properties file, sorted as given. */
export function propertiesFile(properties: Readonly<Record<string, string>>): string {
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
  return `# Managed by bramble: a change made here is undone by the next \`pulumi up\`.\n${lines.join("")}`;
}
