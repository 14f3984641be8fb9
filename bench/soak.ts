import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel, Partitioners, type Producer } from "kafkajs";
import { eventually } from "../testing/eventually.ts";
import { startKafkaBroker } from "../testing/kafka-broker.ts";
import { killServices, startService } from "../testing/running-service.ts";
import { Pipeline, step } from "../testing/service-specs.ts";
import "./exit-on-signals.ts";
import { flatness } from "./flatness.ts";

/**
 * Runs a service with state for many keys at half of its full speed, and tells whether its memory stays flat. Takes so many
 * minutes (10), and ends with 1 when it does not, or when the service did not last or did not keep up.
 */

const MINUTES = Number(process.argv[2] ?? 10);
const KEYS = 50_000;
const FULL_SPEED_RECORDS = 60_000;
const SAMPLE_EVERY_MS = 5000;

const broker = await startKafkaBroker();
const pipeline = new Pipeline(broker);
const input = pipeline.topic("in");
const spec = pipeline.service("con", {
  input: pipeline.stream("in"),
  apply: [step("ewma", { alpha: 0.5 })],
  output: pipeline.stream("out"),
});
await pipeline.createTopics([spec], 4);
const kafka = new Kafka({ brokers: [broker.bootstrapServer], logLevel: logLevel.NOTHING });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
const admin = kafka.admin();
await Promise.all([producer.connect(), admin.connect()]);
const service = await startService(spec);
await service.ready();

let sent = 0;
await send(producer, FULL_SPEED_RECORDS);
const started = performance.now();
const before = await processed();
await eventually(async () => (await processed()) >= sent, service.journal, 300_000);
const fullSpeed = ((sent - before) / (performance.now() - started)) * 1000;
const rate = Math.max(100, Math.floor(fullSpeed / 2));
console.log(`full speed: ${Math.floor(fullSpeed)} records a second; ${MINUTES} minutes at ${rate}`);

const samples: number[] = [];
const start = performance.now();
const goal = sent;
for (let elapsed = 0; elapsed < MINUTES * 60_000 && service.isRunning(); elapsed = performance.now() - start) {
  const due = goal + Math.floor((elapsed / 1000) * rate);
  // What could not be sent in time is not made up for: half speed is the most that it gets.
  if (due > sent) await send(producer, Math.min(due - sent, rate));
  if (elapsed >= samples.length * SAMPLE_EVERY_MS) {
    const size = residentMiB(service.pid);
    samples.push(size);
    if (samples.length % 6 === 1) {
      console.log(
        `${(elapsed / 60_000).toFixed(1)} min: ${Math.round(size)} MiB, ${sent - (await processed())} records behind`,
      );
    }
  }
  await sleep(50);
}
const survived = service.isRunning();
const keptUp = survived && (await caughtUp());
const { isFlat, early, late } = flatness(samples);
const passed = survived && keptUp && isFlat;
console.log(
  `resident size: ${Math.round(early)} MiB early, ${Math.round(late)} MiB late: ${isFlat ? "flat" : "NOT FLAT"}`,
);
if (!survived) console.log(`THE SERVICE ENDED: ${service.journal()}`);
else if (!keptUp) console.log("IT DID NOT KEEP UP: records were left after a minute");
console.log(passed ? "passed" : "FAILED");
killServices();
await broker.stop();
process.exit(passed ? 0 : 1);

async function send(to: Producer, count: number): Promise<void> {
  for (let rest = count; rest > 0; rest -= 1000) {
    const messages = Array.from({ length: Math.min(rest, 1000) }, (_, i) => ({
      key: `sensor-${((sent + i) * 7919) % KEYS}`,
      value: String((sent + i) % 50),
    }));
    await to.send({ topic: input, messages });
    sent += messages.length;
  }
}

/** How many records the service has committed. */
async function processed(): Promise<number> {
  const [offsets] = await admin.fetchOffsets({ groupId: spec.groupId, topics: [input] });
  return (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

async function caughtUp(): Promise<boolean> {
  return eventually(async () => (await processed()) >= sent, service.journal, 60_000).then(
    () => true,
    () => false,
  );
}

/** proc(5), VmRSS. */
function residentMiB(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}
