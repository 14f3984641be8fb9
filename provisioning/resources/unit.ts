import type { Argv, Command } from "../ssh/command.ts";
import type { HostPlace } from "../ssh/host-fault.ts";
import { writeText } from "./file.ts";
import { cannotTell, hostResource, isAbsent, sh } from "./host-resource.ts";

export interface UnitArgs extends HostPlace {
  /** Name with its suffix, e.g. "kafka.service". */
  readonly name: string;
  /** The whole unit file. Carries a digest of the files that the unit reads, so that their change restarts it. */
  readonly content: string;
  /** Drop-ins that change it; bramble's units have none. */
  readonly dropIns: readonly string[];
  /** UnitFileState as systemctl(1) says: "enabled" means started at boot. */
  readonly enabled: string;
  /** ActiveState as systemctl(1) says. */
  readonly active: string;
  /** TCP port on the host's address that must accept connections before the unit counts as started; 0 for none. */
  readonly readyPort: number;
}

const unitFile = (name: string) => `/etc/systemd/system/${name}`;
const properties = ["LoadState", "ActiveState", "UnitFileState", "DropInPaths"];
/** A Pi's disk is slow when four daemons start: Kafka's own ZooKeeper timeout is 30 s. */
const readyTimeoutSeconds = 90;

/** A systemd unit: its file, whether it starts at boot, and whether it runs now. */
export const unit = hostResource<UnitArgs, UnitArgs>({
  token: "bramble:systemd:Unit",
  replaceOn: ["host", "name"],
  id: ({ host, name }) => `${host}:${name}`,
  probe: ({ name }) => [
    ["cat", "--", unitFile(name)],
    ["systemctl", "show", ...properties.map((property) => `--property=${property}`), "--", name],
  ],
  read([cat, show], args) {
    if (cat === undefined || show?.exitCode !== 0) throw cannotTell(args, args.name, show);
    if (isAbsent(cat)) return undefined;
    if (cat.exitCode !== 0) throw cannotTell(args, unitFile(args.name), cat);
    const seen = new Map(
      show.stdout.split("\n").map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]),
    );
    return {
      ...args,
      content: cat.stdout,
      dropIns: (seen.get("DropInPaths") ?? "").split(" ").filter((path) => path !== ""),
      enabled: seen.get("UnitFileState") || "disabled",
      active: seen.get("ActiveState") ?? "unknown",
    };
  },
  plan(want, have) {
    const { name } = want;
    const unmask: Command[] = have?.enabled.startsWith("masked") ? [systemctl("unmask", name)] : [];
    const rewrite = have?.content !== want.content || unmask.length > 0;
    const dropIns = (have?.dropIns ?? []).filter((path) => !want.dropIns.includes(path));
    const changed = rewrite || dropIns.length > 0;
    return [
      ...unmask,
      ...(rewrite ? [writeText(unitFile(name), want.content, "0644", "root:root")] : []),
      ...dropIns.map((path) => ({ does: `remove ${path}`, argv: ["rm", "-f", "--", path] as Argv })),
      ...(changed ? [systemctl("daemon-reload")] : []),
      ...(have?.enabled === want.enabled && !rewrite ? [] : [systemctl("enable", name)]),
      ...(changed || have?.active !== want.active ? start(want) : []),
    ];
  },
  unplan: ({ name }) => [
    {
      does: `stop ${name}`,
      argv: sh('if systemctl cat -- "$1" >/dev/null 2>&1; then systemctl --quiet disable --now -- "$1"; fi', name),
    },
    {
      does: `remove ${unitFile(name)}`,
      argv: sh(
        'rm -rf -- "$1" "$1.d"; systemctl daemon-reload; systemctl reset-failed -- "$2" 2>/dev/null || true',
        unitFile(name),
        name,
      ),
    },
  ],
});

function systemctl(verb: string, name?: string): Command {
  return {
    does: `${verb} ${name ?? ""}`.trimEnd(),
    argv: name === undefined ? ["systemctl", verb] : ["systemctl", "--quiet", verb, "--", name],
  };
}

/** Restart clears a unit that gave up (start limit) as well as one that runs with an old file. */
function start({ name, address, readyPort }: UnitArgs): Command[] {
  const evidence: Argv = ["journalctl", "--no-pager", "--quiet", "--output=short", "--lines=15", `--unit=${name}`];
  const restart: Command = {
    does: `restart ${name}`,
    argv: sh('systemctl reset-failed -- "$1" 2>/dev/null || true; systemctl restart -- "$1"', name),
    evidence,
  };
  if (readyPort === 0) return [restart];
  const wait =
    'until (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; do systemctl is-failed --quiet -- "$3" && exit 1; sleep 0.1; done';
  return [
    restart,
    {
      does: `see ${name} listen on port ${readyPort} within ${readyTimeoutSeconds} s`,
      argv: ["timeout", String(readyTimeoutSeconds), "bash", "-c", wait, "ready", address, String(readyPort), name],
      evidence,
    },
  ];
}
