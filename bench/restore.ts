import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { eventually } from "../testing/eventually.ts";
import { type KafkaBroker, startKafkaBroker } from "../testing/kafka-broker.ts";
import { cacheOf, killServices, startService } from "../testing/running-service.ts";
import { Pipeline, step } from "../testing/service-specs.ts";
import "./exit-on-signals.ts";

/**
 * How long a service with a million keys takes from its start until it is ready: from its changelog alone, as after a move
 * to another Pi, and with the copy on its disk, as after a restart. Then what it takes in memory when records of all keys
 * come, with state that is larger than its share of memory.
 */

const KEYS = Number(process.argv[2] ?? 1_000_000);
const RECORDS = 200_000;
const LONGEST_MS = 600_000;

const broker = await startKafkaBroker();
try {
  await measure(broker);
} finally {
  killServices();
  await broker.stop();
}
process.exit(0);

async function measure({ bootstrapServer }: KafkaBroker): Promise<void> {
  const pipeline = new Pipeline(broker);
  const spec = pipeline.service("con", {
    input: pipeline.stream("in"),
    apply: [step("ewma", { alpha: 0.5 })],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([spec]);
  const produce = (topic: string, lines: Iterable<string>) => {
    const file = join(cacheOf(spec), "lines");
    writeFileSync(file, [...lines].join("\n"));
    execFileSync("kcat", ["-b", bootstrapServer, "-P", "-K", "\t", "-t", topic, "-l", file]);
    rmSync(file);
  };
  produce(
    spec.changelogTopic ?? "",
    keys(KEYS).map((i) => `0/0/ewma/sensor-${i}\t${(i % 1000) / 8}`),
  );

  const run = async (what: string) => {
    const started = performance.now();
    const service = await startService(spec);
    await eventually(() => service.notifications().includes("READY=1"), service.journal, LONGEST_MS);
    console.log(`${what}: ready after ${seconds(started)}, ${peakMemory(service.pid)} at most`);
    return service;
  };
  await (await run(`${KEYS} keys, from the changelog`)).stop();
  await (await run(`${KEYS} keys, with the copy on the disk`)).stop("SIGKILL");
  const service = await run(`${KEYS} keys, with the copy on the disk, after SIGKILL`);

  produce(
    pipeline.topic("in"),
    keys(RECORDS).map((i) => `sensor-${(i * 7919) % KEYS}\t${i % 50}`),
  );
  const sent = performance.now();
  const admin = new Kafka({ brokers: [bootstrapServer], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const read = async () => {
    const [offsets] = await admin.fetchOffsets({ groupId: spec.groupId, topics: [pipeline.topic("in")] });
    return Number(offsets?.partitions[0]?.offset ?? 0);
  };
  await eventually(async () => (await read()) >= RECORDS, service.journal, LONGEST_MS);
  await admin.disconnect();
  console.log(`${RECORDS} records of as many keys: processed in ${seconds(sent)}, ${peakMemory(service.pid)} at most`);
  await service.stop();
}

function keys(count: number): number[] {
  return [...Array(count).keys()];
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** The greatest resident size that a process has had (proc(5), VmHWM). */
function peakMemory(pid: number): string {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return `${Math.round(Number(kib) / 1024)} MiB`;
}
