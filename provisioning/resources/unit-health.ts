import type { Argv } from "../ssh/command.ts";
import { sh } from "./host-resource.ts";

/** What a unit has to show after a restart to count as healthy. */
interface Health {
  /** Until systemd counts it as started, and its port answers. */
  readonly readySeconds: number;
  /** From then on it must run for so long without a restart, and its work must move on; 0 when that is enough. */
  readonly settleSeconds: number;
}

/** Nothing else could serve instead. A Pi's disk is slow when four daemons start: Kafka's own ZooKeeper timeout is 30 s. */
export const firstHealth: Health = { readySeconds: 90, settleSeconds: 0 };

/**
 * What it replaces would serve now: with 5 s to stop a successor that hangs and a few to start the old one again, the
 * stream stands still for half a minute at most.
 */
export const successorHealth: Health = { readySeconds: 18, settleSeconds: 3 };

/** How long a service that is ready may work on one run of records. */
const stallSeconds = 12;

interface Startable {
  /** Name with its suffix. */
  readonly name: string;
  readonly address: string;
  /** TCP port that must accept connections; 0 for none. */
  readonly readyPort: number;
}

/** Restarts a unit and fails, saying why, when it does not become healthy in time. */
export function restart({ name, address, readyPort }: Startable, { readySeconds, settleSeconds }: Health): Argv {
  return sh(script, name, address, String(readyPort), String(readySeconds), String(settleSeconds));
}

/** A restart that hangs in the old one's stop or the new one's start hangs systemctl; the job itself goes on. */
const script = `unit=$1 address=$2 port=$3 ready=$4 settle=$5
systemctl reset-failed -- "$unit" 2>/dev/null || true
timeout "$ready" systemctl restart -- "$unit" || { [ $? != 124 ] || echo "not ready within $ready s" >&2; exit 1; }
if [ "$port" != 0 ]; then
  wait='until (exec 3<>"/dev/tcp/$2/$3") 2>/dev/null; do ! systemctl is-failed --quiet -- "$1" || exit 1; sleep 0.1; done'
  timeout "$ready" bash -c "$wait" ready "$@" || { echo "no answer on port $port" >&2; exit 1; }
fi
[ "$settle" != 0 ] || exit 0

now() { read -r up _ < /proc/uptime; echo "\${up%.*}\${up#*.}0000"; }
started=$(now)
# A service feeds its watchdog (sd_notify(3)) when its work moves on, every second at first.
while :; do
  seen=$(systemctl show --property=NRestarts --property=WatchdogTimestampMonotonic -- "$unit")
  restarts=\${seen#*NRestarts=} fed=\${seen#*WatchdogTimestampMonotonic=}
  restarts=\${restarts%%[!0-9]*} fed=\${fed%%[!0-9]*}
  [ "$restarts" = 0 ] || { echo "restarted $restarts times within $settle s" >&2; exit 1; }
  [ "$((fed - started))" -lt "$((settle * 1000000))" ] || exit 0
  [ "$(($(now) - started))" -lt ${stallSeconds}000000 ] || { echo "ready, but makes no progress" >&2; exit 1; }
  sleep 0.3
done`;
