import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, jest, test } from "@jest/globals";
import type { Pipeline } from "../../declaration/pipeline.ts";
import type { ReplayCluster } from "../../replay/connect.ts";
import { intoTopic } from "../../replay/into-topic.ts";
import { planReplayInto, replayInto } from "../../replay/replay-into.ts";
import { type Replayable, replayable } from "../../replay/replayable.ts";
import { planReset, resetGroup } from "../../replay/reset-group.ts";
import type { StartPoint } from "../../replay/start-point.ts";
import { eventually } from "../../testing/eventually.ts";
import { journals, type RunningService, startService } from "../../testing/running-service.ts";
import { ownName, write } from "../../testing/topics.ts";
import { createTopicsOf } from "../pipeline-cases/deployed.ts";
import { declared } from "./declared.ts";
import { dyingBetweenPartitions } from "./dying-between-partitions.ts";
import { killedHalfWay } from "./killed-half-way.ts";
import { useCluster } from "./use-cluster.ts";

jest.setTimeout(300_000);

const beginning: StartPoint = { kind: "beginning" };

/** Tells with each value how many its state has seen before: a doubled record shows, and a state that was not taken away. */
const NUMBERED = [
  'import { fold, number } from "bramble/operator";',
  "export const numbered = fold({",
  "  value: number(),",
  "  initial: 0,",
  "  step: (_, seen, x) => [seen + 1, [seen * 1_000_000 + x]],",
  "});",
].join("\n");
const numbered = (seen: number, x: number) => seen * 1_000_000 + x;

const { broker, reader, onCluster, withAdmin } = useCluster();

const [a, b, merged, trial] = ["a", "b", "merged", "trial"].map(ownName) as [string, string, string, string];
const [shared, results, many, counted] = ["shared", "results", "many", "counted"].map(ownName) as [
  string,
  string,
  string,
  string,
];

interface Deployed {
  readonly file: string;
  readonly pipeline: Pipeline;
  readonly service: Replayable;
  readonly running: readonly RunningService[];
}

async function deployed(topics: string, service: string, replicas = 1): Promise<Deployed> {
  const { file, pipeline } = await declared([`topics: { ${topics} }`, `services: { con: { on: rpi0, ${service} } }`], {
    numbered: NUMBERED,
  });
  const con = replayable(pipeline, "con", [broker.bootstrapServer]);
  expect(con.units).toHaveLength(replicas);
  await createTopicsOf(broker, pipeline);
  const running = await Promise.all(
    con.units.map((_, i) => startService(con.spec, { operators: con.operatorModules, replica: i + 1 })),
  );
  return { file, pipeline, service: con, running };
}

/** The numbers that a topic holds, by partition. */
async function numbersIn(topic: string): Promise<number[][]> {
  const { [topic]: records = [] } = await reader.read(topic);
  const byPartition: number[][] = [];
  for (const { partition, value } of records) {
    byPartition[partition] ??= [];
    byPartition[partition].push(Number(value));
  }
  return byPartition;
}

/** Until the service has committed everything that its input topics hold. */
function caughtUp({ service, running }: Pick<Deployed, "service" | "running">): Promise<void> {
  return onCluster(async (cluster) => {
    const left = async () => {
      const { gone, ranges } = await planReset(cluster, service, beginning);
      expect(gone).toEqual([]);
      const ends = await Promise.all(
        service.inputTopics.map((topic) => withAdmin((admin) => admin.fetchTopicOffsets(topic))),
      );
      const written = ends.flat().reduce((sum, { high }) => sum + Number(high), 0);
      return written - ranges.reduce((sum, { end }) => sum + Number(end), 0);
    };
    await eventually(async () => (await left()) === 0, journals(running), 120_000);
  });
}

/** Two runs of the command: the first is cut short. */
async function sentBackInTwo(service: Replayable, from: StartPoint): Promise<void> {
  const back = (cluster: ReplayCluster) =>
    planReset(cluster, service, from).then((plan) => resetGroup(cluster, service, plan));
  await expect(onCluster((cluster) => back(dyingBetweenPartitions(cluster)))).rejects.toThrow("the plug is pulled");
  expect(await onCluster(back)).toBe(true);
}

const byNumber = (a: number, b: number) => a - b;

test("merged topics go back together, each record once, also when it is killed half-way", async () => {
  const con = await deployed(
    `${a}: { partitions: 2 }, ${b}: { partitions: 2 }, ${merged}: { partitions: 2 }`,
    `from: [${a}, ${b}], apply: [numbered], to: ${merged}`,
  );
  const { file, pipeline, service } = con;
  const values = (first: number, partition: number) =>
    Array.from({ length: 2000 }, (_, i) => first + partition * 100_000 + i);
  const firsts = { [a]: 0, [b]: 500_000 };
  for (const [topic, first] of Object.entries(firsts)) {
    // Long records, so that one transaction takes a part of them only.
    const records = [0, 1].flatMap((partition) =>
      values(first, partition).map((value) => ({ partition, value: `${" ".repeat(500)}${value}` })),
    );
    await write(broker, topic, records);
  }
  const sent = [0, 1].map((partition) => [...values(0, partition), ...values(500_000, partition)]);
  await caughtUp(con);

  /** Of each partition: all of both topics once, in some order, beginning with no state; and so again. */
  const expectTimes = async (topic: string, times: number) => {
    for (const [partition, numbers] of (await numbersIn(topic)).entries()) {
      const all = sent[partition] ?? [];
      expect(numbers).toHaveLength(times * all.length);
      for (let start = 0; start < numbers.length; start += all.length) {
        const once = numbers.slice(start, start + all.length);
        expect(once.map((each) => Math.floor(each / 1_000_000))).toEqual(all.map((_, seen) => seen));
        expect(once.map((each) => each % 1_000_000).sort(byNumber)).toEqual(all);
      }
    }
  };
  await expectTimes(merged, 1);
  await sentBackInTwo(service, beginning);
  await caughtUp(con);
  await expectTimes(merged, 2);

  await withAdmin((admin) =>
    killedHalfWay([file, "con", broker.bootstrapServer, trial], async () => {
      if (!(await admin.listTopics()).includes(trial)) return false;
      return (await admin.fetchTopicOffsets(trial)).some(({ high }) => high !== "0");
    }),
  );
  const into = intoTopic(pipeline, service, trial);
  await onCluster(async (cluster) => {
    const plan = await planReplayInto(cluster, service, into, beginning);
    expect(plan.fresh).toEqual(new Set());
    await replayInto(cluster, into, plan, () => {});
  });
  await expectTimes(trial, 1);
  await expectTimes(merged, 2);
});

test("replicas go back together under load, and what each of them has then comes again once", async () => {
  const con = await deployed(
    `${shared}: { partitions: 4 }, ${results}: { partitions: 4 }`,
    `replicas: 3, from: ${shared}, apply: [numbered], to: ${results}`,
    3,
  );
  const { service } = con;
  const PARTITIONS = [0, 1, 2, 3];
  const send = (from: number, to: number) =>
    write(
      broker,
      shared,
      PARTITIONS.flatMap((partition) =>
        Array.from({ length: to - from }, (_, i) => ({ partition, value: String(from + i) })),
      ),
    );
  await send(0, 200);
  await caughtUp(con);
  const sending = (async () => {
    for (let offset = 200; offset < 1200; offset += 20) {
      await send(offset, offset + 20);
      await sleep(20);
    }
  })();
  await sentBackInTwo(service, { kind: "offset", offset: 100n });
  await sending;
  await caughtUp(con);
  for (const numbers of await numbersIn(results)) {
    const again = Array.from({ length: 1100 }, (_, i) => numbered(i, 100 + i));
    const before = numbers.slice(0, -again.length);
    expect(numbers.slice(-again.length)).toEqual(again);
    expect(before).toEqual(before.map((_, offset) => numbered(offset, offset)));
    expect(before.length).toBeGreaterThanOrEqual(200);
  }
  expect(con.running.map((each) => each.isRunning())).toEqual([true, true, true]);
});

test("a state of 200,000 keys is taken away as a whole or not at all", async () => {
  const KEYS = 200_000;
  const con = await deployed(`${many}: {}, ${counted}: {}`, `from: ${many}, apply: [numbered], to: ${counted}`);
  const { file, service } = con;
  await write(
    broker,
    many,
    Array.from({ length: KEYS }, (_, i) => ({ key: `sensor-${i}`, value: String(i) })),
  );
  await caughtUp(con);
  const changelog = service.spec.changelogTopic ?? "";
  // With what is not committed: the transaction is open, some of the state is taken away, and most is not.
  const ask = ["-Q", "-b", broker.bootstrapServer, "-t", `${changelog}:0:-1`, "-X", "isolation.level=read_uncommitted"];
  const end = () => execFileSync("kcat", ask, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const before = end();
  await killedHalfWay([file, "con", broker.bootstrapServer], async () => end() !== before);
  const plan = await onCluster((cluster) => planReset(cluster, service, beginning));
  expect(plan).toMatchObject({ gone: [], ranges: [{ from: 0n }] });
  expectCounted(KEYS, [0]);
  expect(await onCluster((cluster) => resetGroup(cluster, service, plan))).toBe(true);
  await caughtUp(con);
  expectCounted(KEYS, [0, 0]);
  // What it has now is what came again.
  await write(broker, many, [{ key: "sensor-7", value: "7" }]);
  await caughtUp(con);
  expect(countedByKey().get("sensor-7")).toEqual([0, 0, 1].map((seen) => numbered(seen, 7)));
});

/** Results by key, by librdkafka: Python takes long for so many. */
function countedByKey(): Map<string, number[]> {
  const args = ["-C", "-q", "-e", "-b", broker.bootstrapServer, "-t", counted, "-f", "%k %s\n"];
  const text = execFileSync("kcat", args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  const byKey = new Map<string, number[]>();
  for (const line of text.trimEnd().split("\n")) {
    const [key = "", value] = line.split(" ");
    byKey.set(key, [...(byKey.get(key) ?? []), Number(value)]);
  }
  return byKey;
}

/** Of each key's only record: how often it came, and what had been seen before each time. */
function expectCounted(keys: number, seen: readonly number[]): void {
  const found = countedByKey();
  expect(found.size).toBe(keys);
  // One by one: comparing two such maps in one go takes minutes when they differ.
  const others = Array.from({ length: keys }, (_, i) => ({
    found: found.get(`sensor-${i}`)?.join(),
    wanted: seen.map((count) => numbered(count, i)).join(),
  })).filter(({ found, wanted }) => found !== wanted);
  expect({ count: others.length, first: others.slice(0, 3) }).toEqual({ count: 0, first: [] });
}
