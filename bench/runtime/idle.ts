import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaBroker } from "../../test/runtime/kafka-broker.ts";
import { createTopics, write } from "../../test/runtime/topics.ts";
import { start } from "./contestants.ts";
import { probe } from "./scenarios.ts";

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
  const started = async (records: number) => {
    const since = performance.now();
    const child = await start("bramble", job, { bootstrapServer, guarantee: "exactly_once" });
    const spawned = performance.now();
    while ((await probe<{ count: number }>("check", bootstrapServer, "idle-out")).count < records) await sleep(1);
    return { child, startMs: Math.round(performance.now() - spawned), bundledMs: spawned - since };
  };
  await send("7");
  await send("8");
  const first = await started(1);
  first.child.kill("SIGTERM");
  await sleep(2500);
  await send("9");
  const { child, startMs } = await started(2);
  await sleep(5000);
  const before = usage(child.pid as number);
  await sleep(1000 * WATCHED_SECONDS);
  const after = usage(child.pid as number);
  child.kill("SIGKILL");
  return {
    idleRssMb: Math.round(after.rssMb),
    idleCpuMsPerSecond: Number(((after.cpuMs - before.cpuMs) / WATCHED_SECONDS).toFixed(1)),
    startMs,
  };
}

/** CPU time in steps of 10 ms, as proc_pid_stat(5) has it, and resident memory. */
function usage(pid: number) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const rssMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1000;
  return { cpuMs: 10 * (Number(fields[11]) + Number(fields[12])), rssMb };
}
