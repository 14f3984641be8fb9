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
const pipeline = (queuedRequests: number) => `
cluster:
  hosts: { rpi0: 10.42.0.250, rpi1: 10.42.0.251, rpi2: 10.42.0.252, rpi3: 10.42.0.253 }
  kafka: { config: { queued.max.requests: ${queuedRequests} } }
topics:
  steady: { partitions: 6, replicationFactor: 3, config: { min.insync.replicas: 2 } }
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
  const told = [...output.matchAll(/(rpi\d): (all others in sync, restarting kafka|kafka is back)/g)];
  expect(told.map(([, host, what]) => [host, what])).toEqual(
    order.flatMap((host) => [
      [host, "all others in sync, restarting kafka"],
      [host, "kafka is back"],
    ]),
  );
  expect(await kafkaTool("rpi0", "kafka-topics.sh", "--describe --under-replicated-partitions")).toBe("");
  expect((await preview()).counts).toEqual({});
});
