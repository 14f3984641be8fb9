import type { Argv, Result } from "../provisioning/ssh/command.ts";
import { type HostAddress, HostError, type HostErrorCode } from "../provisioning/ssh/host-error.ts";

/** A unit as systemd has it (systemctl(1), "show"). */
export interface UnitState {
  /** Name with its suffix. */
  readonly unit: string;
  /** LoadState: loaded, not-found, masked... */
  readonly load: string;
  /** ActiveState: active, activating, failed... */
  readonly active: string;
  /** SubState, such as auto-restart. */
  readonly sub: string;
  /** How long it has been so; undefined when it has been so since boot. */
  readonly forSeconds: number | undefined;
  /** How often systemd has started it again by itself. */
  readonly restarts: number;
  /** What it last said of itself (sd_notify(3)); empty while it does not run. */
  readonly says: string;
}

/** What a host says of its units; or why it cannot be asked, in a sentence with the next step. */
export type HostAnswer =
  | { readonly kind: "units"; readonly units: readonly UnitState[] }
  | { readonly kind: "problem"; readonly code: HostErrorCode; readonly problem: string };

const properties = "Id,LoadState,ActiveState,SubState,StateChangeTimestampMonotonic,NRestarts,StatusText";

/** Asks for units by name, and for every other one of bramble's that there is. */
export function unitQuestions(units: readonly string[]): [uptime: Argv, show: Argv] {
  return [
    ["cat", "/proc/uptime"],
    ["systemctl", "show", `--property=${properties}`, "--", ...units, "bramble-*.service"],
  ];
}

/** On the clock since boot: a Pi has no clock of its own, and its time of day jumps. Throws a {@link HostError} on what is no answer. */
export function readUnits(target: HostAddress, [uptime, show]: readonly Result[]): UnitState[] {
  const now = Number(uptime?.stdout.split(" ")[0]);
  if (Number.isNaN(now) || show?.exitCode !== 0) {
    throw new HostError(target, {
      found: `systemctl cannot show the state of its units (${show?.stderr.trim()})`,
      next: "Try `systemctl status` on the Pi.",
    });
  }
  const states = show.stdout.split("\n\n").map((block) => readUnit(block, now));
  return [...new Map(states.map((state) => [state.unit, state])).values()];
}

function readUnit(block: string, nowSeconds: number): UnitState {
  const told = new Map(block.split("\n").map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]));
  const of = (property: string) => told.get(property) ?? "";
  const since = Number(of("StateChangeTimestampMonotonic")) / 1_000_000;
  const active = of("ActiveState");
  return {
    unit: of("Id"),
    load: of("LoadState"),
    active,
    sub: of("SubState"),
    forSeconds: since > 0 ? Math.max(0, Math.round(nowSeconds - since)) : undefined,
    restarts: Number(of("NRestarts")) || 0,
    says: ["inactive", "failed"].includes(active) ? "" : of("StatusText"),
  };
}

/** What a host says of a unit; undefined where it does not answer, or was not asked for that one. */
export function stateOf(answer: HostAnswer | undefined, unit: string): UnitState | undefined {
  return answer?.kind === "units" ? answer.units.find((each) => each.unit === unit) : undefined;
}

/** Whether a host that answers says that this unit runs. */
export function isActive(answer: HostAnswer | undefined, unit: string): boolean {
  return stateOf(answer, unit)?.active === "active";
}
