import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaBroker } from "../../testing/kafka-broker.ts";
import { createTopics, write } from "../../testing/topics.ts";
import { endedWithThis, python, start } from "./contestants.ts";
import { probeScript } from "./scenarios.ts";

const WATCHED_SECONDS = 10;

/** A service that has nothing to do; and how soon after its start the first record is out, with a small state to restore. */
export async function measureIdle(broker: KafkaBroker) {
  const { bootstrapServer } = broker;
  const job = { name: "idle", operator: "ewma", input: "idle-in", output: "idle-out" } as const;
  await createTopics(broker, [
    { topic: "idle-in" },
    { topic: "idle-out" },
    { topic: "idle-changelog", compacted: true },
    { topic: "idle-dead-letters" },
  ]);
  const send = (value: string) => write(broker, "idle-in", [{ value }]);
  // Whoever looks is there before the service starts: starting Python takes longer than starting the service.
  const started = async () => {
    const argv = [probeScript, "arrival", bootstrapServer, "idle-out"];
    const watcher = endedWithThis(spawn(python, argv, { stdio: ["ignore", "pipe", "inherit"] }));
    const lines = createInterface(watcher.stdout);
    await once(lines, "line");
    const arrived = once(lines, "line");
    const child = await start("bramble", job, { bootstrapServer, guarantee: "exactly_once" });
    const spawned = Date.now();
    const [line] = await arrived;
    return { child, startMs: Math.round(JSON.parse(line).arrivedMs - spawned) };
  };
  await send("7");
  await send("8");
  const first = await started();
  first.child.kill("SIGTERM");
  await sleep(2500);
  await send("9");
  const { child, startMs } = await started();
  await sleep(5000);
  const before = usage(child.pid as number);
  await sleep(1000 * WATCHED_SECONDS);
  const after = usage(child.pid as number);
  child.kill("SIGKILL");
  return {
    idleRssMb: Math.round(after.rssMb),
    idleOwnMb: Math.round(after.ownMb),
    idleCpuMsPerSecond: Number(((after.cpuMs - before.cpuMs) / WATCHED_SECONDS).toFixed(1)),
    startMs,
  };
}

/**
 * CPU time in steps of 10 ms, as proc_pid_stat(5) has it, and resident memory: all of it, and what is the process's own.
 * The rest is Node's program, which all services of a host share.
 */
function usage(pid: number) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (name: string) => (Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) * 1024) / 1e6;
  return {
    cpuMs: 10 * (Number(fields[11]) + Number(fields[12])),
    rssMb: megabytes("VmRSS"),
    ownMb: megabytes("RssAnon"),
  };
}
