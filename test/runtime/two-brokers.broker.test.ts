import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, jest, test } from "@jest/globals";
import { clusterMetadata } from "../../provisioning/kafka/cluster-metadata.ts";
import { eventually } from "../../testing/eventually.ts";
import type { KillableBroker } from "../../testing/kafka-broker.ts";
import { journals, startReady, startService } from "../../testing/running-service.ts";
import { log, Pipeline, step } from "../../testing/service-specs.ts";
import { clientIds, createTopics, moveTo, write } from "../../testing/topics.ts";
import { useOwnBroker } from "../../testing/use-broker.ts";

jest.setTimeout(240_000);

const { broker, outputs } = await useOwnBroker();

const internal = ["__consumer_offsets", "__transaction_state"];
let second: KillableBroker;

/** Coordinators are on the first broker, and nothing is on the second. */
beforeAll(async () => {
  await createTopics(
    broker,
    internal.map((topic) => ({ topic, compacted: true, on: [0, 0, 0, 0] })),
  );
  second = await broker.startSecond();
  await eventually(
    async () => (await clusterMetadata(broker.bootstrapServer)).brokers.has(1),
    () => "the second broker is not in the cluster",
  );
});

test("while its output takes nothing, a service waits: it stays, takes no more memory, and then sends everything once", async () => {
  const pipeline = new Pipeline(broker);
  const text = { ...pipeline.stream("in"), format: "text" } as const;
  const spec = pipeline.service("con", { input: text, apply: [step("head")], output: pipeline.stream("out") });
  const { changelogTopic = "", deadLetterTopic = "" } = spec;
  const out = pipeline.topic("out");
  await createTopics(
    broker,
    [text.topic, changelogTopic, deadLetterTopic].map((topic) => ({ topic, on: [0] })),
  );
  const head = join(mkdtempSync(join(tmpdir(), "bramble-operator-")), "head.ts");
  writeFileSync(
    head,
    `import { map, string } from "bramble/operator";
    export const head = map({ value: string(), step: (_, text) => Number(text.split(" ", 1)[0]) });`,
  );
  const con = await startService(spec, { operators: { head } });
  await con.ready();
  const onBoth = ["--replica-assignment", "0:1", "--config", "min.insync.replicas=2"];
  broker.tool("kafka-topics.sh", "--create", "--topic", out, ...onBoth);
  const send = (from: number, to: number) =>
    write(
      broker,
      text.topic,
      Array.from({ length: to - from }, (_, i) => ({ value: `${from + i} ${"x".repeat(20_000)}` })),
    );
  await send(0, 1000);
  await outputs(out, 1000, con);
  const before = mostMemoryMb(con.pid);

  // A record must now be on two brokers to count as written, and there is one.
  await second.kill();
  const count = 6000; // of 120 MB
  await send(1000, count);
  await eventually(() => con.journal().includes("the transaction failed and is retried"), con.journal, 90_000);
  await eventually(async () => (await clientIds(broker, spec.groupId)).length === 1, con.journal);
  await second.restart();

  expect(await outputs(out, count, con)).toEqual(Array.from({ length: count }, (_, i) => String(i)));
  expect(mostMemoryMb(con.pid) - before).toBeLessThan(60);
  expect(con.isRunning()).toBe(true);
});

/** Peak resident set size of a process (proc(5)). */
function mostMemoryMb(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

test("while its coordinators move from broker to broker a service's transactions wait, and none fails", async () => {
  const pipeline = new Pipeline(broker);
  const specs = [
    pipeline.service("con", { input: pipeline.stream("in"), output: pipeline.stream("out") }),
    pipeline.service("sink", { input: pipeline.stream("out"), output: log }),
  ];
  await pipeline.createTopics(specs);
  const services = await startReady(specs);
  const [, sink] = services;

  let sent = 0;
  let isOver = false;
  const sending = (async () => {
    for (; !isOver; await sleep(10)) await write(broker, pipeline.topic("in"), [{ value: String(sent++) }]);
  })();
  for (const id of [1, 0, 1, 0]) await moveTo(broker, id, internal);
  isOver = true;
  await sending;

  const values = Array.from({ length: sent }, (_, i) => String(i));
  expect(await outputs(pipeline.topic("out"), sent, ...services)).toEqual(values);
  await eventually(() => (sink?.printed().length ?? 0) >= sent, journals(services));
  expect(services.map((each) => each.journal()).join("")).not.toMatch(/is retried/);
  expect(sink?.printed()).toEqual(values);
});
