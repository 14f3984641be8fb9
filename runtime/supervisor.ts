import { execFile } from "node:child_process";

/** Tells systemd how the service is (sd_notify(3)); without systemd it says nothing. */
export interface Supervisor {
  /** State restored and consuming, or producing. Said once. */
  ready(status: string): void;
  status(text: string): void;
  /** The loop that does the work has just moved on; feeds the watchdog, which nothing else does. */
  alive(): void;
  stopping(): void;
}

type Notify = (...assignments: string[]) => void;

/** A status that changes with every record is told once in a while, as telling takes a process; the last one always. */
const STATUS_EVERY_MS = 10_000;

/** Whoever deploys a service watches its first steps: so long after it is ready it tells every second that it moves on. */
const SETTLE_MS = 15_000;
const SETTLE_ALIVE_EVERY_MS = 1000;

export function superviseBySystemd(environment: NodeJS.ProcessEnv = process.env, notify?: Notify): Supervisor {
  const send = environment.NOTIFY_SOCKET ? (notify ?? systemdNotify) : () => {};
  const watchdogMs = Number(environment.WATCHDOG_USEC ?? 0) / 1000;
  let readySince: number | undefined;
  let lastPing = Date.now();
  let sent: string | undefined;
  let latest: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const sendLatest = () => {
    timer = undefined;
    if (latest === undefined || latest === sent) return;
    sent = latest;
    send(`STATUS=${latest}`);
    timer = setTimeout(sendLatest, STATUS_EVERY_MS).unref();
  };
  const status = (text: string) => {
    latest = text;
    if (timer === undefined) sendLatest();
  };
  return {
    ready: (text) => {
      if (readySince === undefined) send("READY=1");
      readySince ??= Date.now();
      status(text);
    },
    status,
    alive: () => {
      const now = Date.now();
      const isSettling = readySince !== undefined && now - readySince < SETTLE_MS;
      if (watchdogMs === 0 || now - lastPing < (isSettling ? SETTLE_ALIVE_EVERY_MS : watchdogMs / 3)) return;
      lastPing = now;
      send("WATCHDOG=1");
    },
    stopping: () => send("STOPPING=1"),
  };
}

/** Node cannot write to a datagram socket of the file system; systemd's own program does. */
function systemdNotify(...assignments: string[]): void {
  // A status that did not arrive costs nothing; a lost READY or WATCHDOG is systemd's to act on.
  execFile("systemd-notify", assignments, () => {});
}
