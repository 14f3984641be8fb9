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

/** Runs a watching command until as many values as the stream must have are there, or none comes any more. */
export function watch(argv: readonly string[], stream: KnownStream, each: (arrival: Arrival, count: number) => void) {
  return new Promise<Arrival[]>((resolve) => {
    const [program = "", ...args] = argv;
    // A group of its own: the command starts others (nsenter, ssh), and all of them must end.
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], detached: true });
    const arrivals: Arrival[] = [];
    const end = () => {
      clearTimeout(silence);
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
      resolve(arrivals);
    };
    let silence = setTimeout(end, silenceMs);
    createInterface({ input: child.stdout }).on("line", (value) => {
      const wanted = stream.values[arrivals.length];
      // The journal also has systemd's lines; values are numbers.
      if (wanted === undefined || !/^-?\d/.test(value)) return;
      arrivals.push({ value, wanted });
      each({ value, wanted }, arrivals.length);
      clearTimeout(silence);
      silence = setTimeout(end, silenceMs);
      if (arrivals.length === stream.values.length) end();
    });
    child.on("close", end);
  });
}
