import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { KnownStream } from "./known-answer.ts";

/** Longest wait for the next value: the source sends one in 3 s, and five of the first six pass no threshold. */
const silenceMs = 60_000;

export interface Arrival {
  readonly value: string;
  readonly wanted: string;
}

/** The command that shows a stream from its start and goes on: the printer's journal, or the topic itself. */
export function watchCommand(bramble: string, stream: KnownStream, from: "journal" | "topic"): string[] {
  if (from === "journal" && stream.printer !== undefined) {
    const { service, host } = stream.printer;
    const journal = `sudo journalctl --follow --lines=all --output=cat --unit=bramble-${service}.service _COMM=MainThread`;
    return [bramble, "lab", "ssh", host, "--", journal];
  }
  const kcat = [
    "kcat",
    "-C",
    "-q",
    "-u",
    "-b",
    "10.42.0.250:9092,10.42.0.251:9092",
    "-t",
    stream.topic,
    "-o",
    "beginning",
  ];
  return [bramble, "lab", "exec", "--", ...kcat];
}

/** What was seen of a stream, and the last complaint of the command that watched it. */
export interface Watched {
  readonly arrivals: readonly Arrival[];
  readonly complaint: string;
}

/** Runs a watching command until as many values as the stream must have are there, or none comes any more. */
export function watch(argv: readonly string[], stream: KnownStream, each: (arrival: Arrival, count: number) => void) {
  return new Promise<Watched>((resolve) => {
    const arrivals: Arrival[] = [];
    let complaint = "";
    let stop = () => {};
    const end = () => {
      clearTimeout(silence);
      process.removeListener("exit", end);
      stop();
      resolve({ arrivals, complaint });
    };
    const onValue = (value: string) => {
      const wanted = stream.values[arrivals.length];
      if (wanted === undefined) return;
      arrivals.push({ value, wanted });
      each({ value, wanted }, arrivals.length);
      clearTimeout(silence);
      silence = setTimeout(end, silenceMs);
      if (arrivals.length === stream.values.length) end();
    };
    let silence = setTimeout(end, silenceMs);
    process.once("exit", end);
    stop = follow(argv, onValue, (line) => {
      complaint = line;
    });
  });
}

/**
 * Hands over every number that the command prints, once, although it may be started several times: what follows a
 * journal ends early on a machine that has no watches left (`fs.inotify.max_user_instances`).
 * @returns what ends it
 */
function follow(argv: readonly string[], onValue: (value: string) => void, onComplaint: (line: string) => void) {
  const [program = "", ...args] = argv;
  let known = 0;
  let stop = () => {};
  const start = () => {
    // A group of its own: the command starts others (nsenter, ssh), and all of them must end.
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    let seen = 0;
    createInterface({ input: child.stdout }).on("line", (line) => {
      // The journal also has what the service says; values are numbers.
      if (!/^-?\d/.test(line) || ++seen <= known) return;
      known = seen;
      onValue(line);
    });
    createInterface({ input: child.stderr }).on("line", onComplaint);
    let again: NodeJS.Timeout;
    child.on("close", () => {
      again = setTimeout(start, 1000);
    });
    stop = () => {
      child.removeAllListeners("close");
      clearTimeout(again);
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
    };
  };
  start();
  return () => stop();
}
