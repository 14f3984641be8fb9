import { beforeAll, expect } from "@jest/globals";
import { haveDeployed } from "./support/deployed.ts";
import { committedValues, kafkaTool, metadata } from "./support/kafka.ts";
import { writePipeline } from "./support/pipeline-files.ts";
import { configure, mustUp, preview } from "./support/stack.ts";
import { steadyProducer } from "./support/steady-producer.ts";
import { story } from "./support/story.ts";
import { restarted, unitStates } from "./support/units.ts";
import { hosts } from "./support/virtual-pis.ts";

/** No broker takes up another number of waiting requests while it runs. */
const pipeline = (queuedRequests: number, replicationFactor = 3) => `
cluster:
  hosts: { rpi0: 10.42.0.250, rpi1: 10.42.0.251, rpi2: 10.42.0.252, rpi3: 10.42.0.253 }
  kafka: { config: { queued.max.requests: ${queuedRequests} } }
topics:
  steady: { partitions: 6, replicationFactor: ${replicationFactor}, config: { min.insync.replicas: 2 } }
services:
  out: { on: rpi0, from: steady, sink: log }
`;

beforeAll(async () => {
  await haveDeployed(() => writePipeline("steady", pipeline(500)));
});

story("four brokers roll under 500 records a second: no produce fails, nothing is lost, nothing doubled", async () => {
  const before = await unitStates();
  const { controllerid } = await metadata();
  configure({ pipeline: writePipeline("steady", pipeline(400)) });

  const producer = steadyProducer("steady", 500);
  const { output, seconds } = await mustUp();
  const { sent, complaints } = await producer.stop();

  expect(complaints).toEqual([]);
  expect(sent).toBeGreaterThan(400 * seconds);
  const arrived = (await committedValues("steady")).map(Number).sort((a, b) => a - b);
  expect(arrived.length).toBe(sent);
  expect(arrived.every((value, i) => value === i)).toBe(true);

  expect(restarted(before, await unitStates())).toEqual(hosts.map((host) => `${host}/kafka.service`));
  // The controller goes last, the others in the order of their names; each only once all others are in sync.
  const order = [...hosts.filter((_, id) => id !== controllerid), hosts[controllerid]];
  const [asItHappened = ""] = output.split("Diagnostics:");
  const told = [...asItHappened.matchAll(/rpi\d: (all others in sync, restarting|kafka.service is back)/g)];
  expect([...new Set(told.map(([sentence]) => sentence))]).toEqual(
    order.flatMap((host) => [`${host}: all others in sync, restarting`, `${host}: kafka.service is back`]),
  );
  expect(await kafkaTool("rpi0", "kafka-topics.sh", "--describe --under-replicated-partitions")).toBe("");
  expect((await preview()).counts).toEqual({});
});

story("a topic gets a replica more, and one less again, by moves that leave no throttle behind", async () => {
  const records = await committedValues("steady");
  const throttles = ["brokers", "topics"].map((type) => `kafka-configs.sh --describe --entity-type ${type}`);
  for (const factor of [4, 3]) {
    configure({ pipeline: writePipeline("steady", pipeline(400, factor)) });
    expect((await preview()).changes).toEqual({ steady: { op: "update", fields: ["replicationFactor"] } });
    await mustUp();
    const described = await kafkaTool("rpi0", "kafka-topics.sh", "--describe --topic steady");
    const inSync = [...described.matchAll(/Isr: (\S+)/g)].map(([, ids = ""]) => ids.split(",").length);
    expect(inSync).toEqual(Array(6).fill(factor));
    for (const [tool = "", ...args] of throttles.map((line) => line.split(" "))) {
      expect(await kafkaTool("rpi0", tool, args.join(" "))).not.toContain("throttled");
    }
    expect((await preview()).counts).toEqual({});
  }
  expect((await committedValues("steady")).sort()).toEqual(records.sort());
});
