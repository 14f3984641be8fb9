import type { Argv, Command, Result } from "../ssh/command.ts";
import type { HostAddress } from "../ssh/host-error.ts";
import { writeText } from "./file.ts";
import { hostResource, isThere, probeFailed, sh } from "./host-resource.ts";
import { firstHealth, restart, successorHealth } from "./unit-health.ts";

export interface UnitArgs extends HostAddress {
  /** Name of the operator service that it runs; absent for a daemon. */
  readonly service?: string;
  /** Which replica of the service it runs, from 1. */
  readonly replica?: number;
  /** Name with its suffix, e.g. "kafka.service". */
  readonly name: string;
  /** The whole unit file. */
  readonly content: string;
  /** SHA-256 of each file that the daemon reads when it starts, by path: a change of one restarts it. */
  readonly reads: Readonly<Record<string, string>>;
  /** Drop-ins that change it; bramble's units have none. */
  readonly dropIns: readonly string[];
  /** UnitFileState as systemctl(1) says: "enabled" means started at boot. */
  readonly enabled: string;
  /** ActiveState as systemctl(1) says. */
  readonly active: string;
  /** "current", or "outdated" while it runs with an older unit file or older files than there are. */
  readonly running: string;
  /** TCP port on the host's address that must accept connections before the unit counts as started; 0 for none. */
  readonly readyPort: number;
  /** Whether it may restart "freely", or one host at a time when the rest of "kafka" or "zookeeper" can bear it. */
  readonly rolls: "freely" | "kafka" | "zookeeper";
}

const unitFile = (name: string) => `/etc/systemd/system/${name}`;
const properties = ["ActiveState", "UnitFileState", "ExecMainStartTimestampMonotonic"];

/** Drop-ins on disk, loaded or not (systemd.unit(5), "UNIT FILE LOAD PATH"); .control has those of systemctl set-property. */
const dropIns = `for d in /etc /run /usr/lib; do for k in system system.control; do for f in "$d/systemd/$k/$1.d"/*.conf; do
  [ ! -e "$f" ] || echo "$f"
done; done; done`;

/**
 * Prints, in microseconds since boot, when the newest of the given files was written. On that clock a time-of-day that
 * jumps (a Pi has no clock of its own) moves files and processes alike. Since boot is read first: what passes until the
 * time of day is read makes files look older, and never a daemon outdated that is not.
 */
const newest = `read -r up _ < /proc/uptime; up=\${up%.*}\${up#*.}0000; now=$(date +%s%6N)
for f in "$@"; do w=$(stat -c %.6Y -- "$f" 2>/dev/null) || continue; w=\${w%.*}\${w#*.}; [ "$w" -gt "$now" ] || echo $((up - (now - w))); done | sort -n | tail -n1`;
/** A systemd unit: its file, whether it starts at boot, and whether it runs now. */
export const unit = hostResource<UnitArgs, UnitArgs>({
  token: "bramble:systemd:Unit",
  replaceOn: ["host", "name"],
  local: ["rolls"],
  // Two copies of one service must never write at once.
  deleteBeforeReplace: true,
  id: ({ host, name }) => `${host}:${name}`,
  probe: ({ name, reads }) => [
    ["cat", "--", unitFile(name)],
    ["systemctl", "show", ...properties.map((property) => `--property=${property}`), "--", name],
    sh(dropIns, name),
    sh(newest, unitFile(name), ...Object.keys(reads)),
    sh('for f in "$@"; do sha256sum 2>/dev/null < "$f" || echo absent; done', ...Object.keys(reads)),
  ],
  read([cat, show, overrides, written, sums], args) {
    for (const result of [show, overrides, written, sums]) {
      if (result?.exitCode !== 0) throw probeFailed(args, args.name, result);
    }
    const seen = new Map(lines(show).map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]));
    const started = Number(seen.get("ExecMainStartTimestampMonotonic"));
    const active = seen.get("ActiveState") ?? "unknown";
    // A daemon outlives its unit file: it is not gone before it has stopped.
    if (!isThere(args, unitFile(args.name), cat) && ["inactive", "failed"].includes(active)) return undefined;
    return {
      ...args,
      content: cat?.stdout ?? "",
      reads: Object.fromEntries(Object.keys(args.reads).map((path, i) => [path, lines(sums)[i]?.split(" ")[0] ?? ""])),
      dropIns: lines(overrides),
      enabled: seen.get("UnitFileState") || "disabled",
      active,
      running: active === "active" && Number(written?.stdout) > started ? "outdated" : "current",
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
      ...(changed || startsAnew(want, have) ? [start(want, have)] : []),
    ];
  },
  planDelete: ({ name }) => takeAway(name),
});

function takeAway(name: string): Command[] {
  return [
    // Also where the unit file is gone, or was never there.
    stopUnit(name),
    { does: `remove ${unitFile(name)}`, argv: sh(removal, unitFile(name), name) },
  ];
}

/** Also where there is no such unit (any more). */
export function stopUnit(name: string): Command {
  return { does: `stop ${name}`, argv: sh('systemctl stop -- "$1" || ! systemctl is-active --quiet -- "$1"', name) };
}

/**
 * Caches go with the unit, while systemd still knows which they are; data do not. The links that start it at boot go by
 * hand: systemctl does not disable what is masked or gone.
 */
const removal = `systemctl clean --what=cache -- "$2" 2>/dev/null || true
rm -rf -- "$1" "$1.d" "\${1%/*}.control/$2.d" "\${1%/*}"/*.wants/"$2"
systemctl daemon-reload
systemctl reset-failed -- "$2" 2>/dev/null || true`;

function systemctl(verb: string, name?: string): Command {
  return {
    does: `${verb} ${name ?? ""}`.trimEnd(),
    argv: name === undefined ? ["systemctl", verb] : ["systemctl", "--quiet", verb, "--", name],
  };
}

function startsAnew(want: UnitArgs, have: UnitArgs | undefined): boolean {
  const read = Object.entries(want.reads).every(([path, sum]) => have?.reads[path] === sum);
  return !read || have?.active !== want.active || have.running !== want.running;
}

/**
 * Restart clears a unit that gave up (start limit) as well as one that runs with an old file. A unit that runs, and that
 * others rely on, waits for its turn. A service that does not become healthy makes room: for the one that it replaced, or
 * for nothing where there was nothing.
 */
function start(want: UnitArgs, have: UnitArgs | undefined): Command {
  const { name, rolls } = want;
  const runs = have?.active === "active";
  const serves = rolls === "freely";
  const replaces = runs && serves && have.content !== "" && have.content !== want.content;
  return {
    does: `restart ${name}`,
    argv: restart(want, replaces ? successorHealth : firstHealth),
    evidence: ["journalctl", "--no-pager", "--quiet", "--output=short", "--lines=15", `--unit=${name}`],
    ...(runs && !serves ? { turn: rolls } : {}),
    ...(replaces ? { undo: bringBack(have) } : {}),
    ...(serves && have === undefined
      ? { undo: { commands: takeAway(name), done: "The new unit was removed again." } }
      : {}),
  };
}

function bringBack(have: UnitArgs): Command["undo"] {
  return {
    commands: [
      writeText(unitFile(have.name), have.content, "0644", "root:root"),
      systemctl("daemon-reload"),
      { does: `restart ${have.name}`, argv: restart(have, firstHealth) },
    ],
    done: "The previous version was restored and is running.",
  };
}

function lines(result: Result | undefined): string[] {
  return (result?.stdout ?? "").split("\n").filter((line) => line !== "");
}
