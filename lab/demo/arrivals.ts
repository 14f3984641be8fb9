import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { KnownStream, ServiceOnHost } from "./known-answer.ts";

/** The longest wait for the next value: the source sends one every 3 s, and the moving average starts with the sixth. */
const silenceMs = 60_000;

export interface Arrival {
  readonly value: string;
  readonly wanted: string;
}

/** The command that shows what a service prints, from the moment `sinceMs` (Unix time) on. */
export function journalCommand(bramble: string, { service, host }: ServiceOnHost, sinceMs: number): string[] {
  const journal = `journalctl --follow --lines=all --output=cat --since=@${Math.floor(sinceMs / 1000)}`;
  return [bramble, "lab", "ssh", host, "--", `sudo ${journal} --unit=bramble-${service}.service _COMM=MainThread`];
}

/** The command that shows a topic from its first record on. */
export function topicCommand(bramble: string, topic: string): string[] {
  const kcat = "kcat -C -q -u -b 10.42.0.250:9092,10.42.0.251:9092 -o beginning -t".split(" ");
  return [bramble, "lab", "exec", "--", ...kcat, topic];
}

/** The values seen of a stream, and the last line on standard error of the command that watched it. */
export interface Watched {
  readonly arrivals: readonly Arrival[];
  readonly complaint: string;
}

/** Runs a watching command until all values of the stream have arrived, or until no more arrive. */
export function watch(argv: readonly string[], stream: KnownStream, each: (arrival: Arrival, count: number) => void) {
  return new Promise<Watched>((resolve) => {
    const arrivals: Arrival[] = [];
    let complaint = "";
    const over = new AbortController();
    const end = () => {
      clearTimeout(silence);
      process.removeListener("exit", end);
      over.abort();
      resolve({ arrivals, complaint });
    };
    let silence = setTimeout(end, silenceMs);
    process.once("exit", end);
    const onValue = (value: string) => {
      const wanted = stream.values[arrivals.length];
      if (wanted === undefined) return;
      arrivals.push({ value, wanted });
      each({ value, wanted }, arrivals.length);
      clearTimeout(silence);
      silence = setTimeout(end, silenceMs);
      if (arrivals.length === stream.values.length) end();
    };
    const onComplaint = (line: string) => {
      complaint = line;
    };
    follow(argv, over.signal, onValue, onComplaint);
  });
}

/**
 * Hands over each number that the command prints, until `over`. A command that ends earlier is started again, and the
 * numbers it printed before are skipped: without free inotify instances `journalctl --follow` does not follow.
 */
function follow(
  argv: readonly string[],
  over: AbortSignal,
  onValue: (value: string) => void,
  onComplaint: (line: string) => void,
): void {
  const [program = "", ...args] = argv;
  let known = 0;
  const start = () => {
    if (over.aborted) return;
    // A group of its own: the command starts others (nsenter, ssh), and all of them must end.
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const kill = () => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, "SIGTERM");
    over.addEventListener("abort", kill);
    let seen = 0;
    createInterface({ input: child.stdout }).on("line", (line) => {
      // The journal also has the service's own messages; values are numbers.
      if (!/^-?\d/.test(line) || ++seen <= known) return;
      known = seen;
      onValue(line);
    });
    createInterface({ input: child.stderr }).on("line", onComplaint);
    child.on("close", () => {
      over.removeEventListener("abort", kill);
      setTimeout(start, 1000);
    });
  };
  start();
}
