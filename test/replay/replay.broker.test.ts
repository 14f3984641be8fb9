import { setTimeout as sleep } from "node:timers/promises";
import { expect, jest, test } from "@jest/globals";
import type { Pipeline } from "../../declaration/pipeline.ts";
import { ewma } from "../../operators/ewma.ts";
import { run } from "../../operators/run.ts";
import { intoTopic } from "../../replay/into-topic.ts";
import { planReplayInto, replayInto } from "../../replay/replay-into.ts";
import { type Replayable, replayable } from "../../replay/replayable.ts";
import { planReset, requireStopped, resetGroup } from "../../replay/reset-group.ts";
import type { StartPoint } from "../../replay/start-point.ts";
import { eventually } from "../../testing/eventually.ts";
import { type RunningService, startService } from "../../testing/running-service.ts";
import { ownName, write } from "../../testing/topics.ts";
import { deploy } from "../pipeline-cases/deployed.ts";
import { declared } from "./declared.ts";
import { dyingBetweenPartitions } from "./dying-between-partitions.ts";
import { killedHalfWay } from "./killed-half-way.ts";
import { useCluster } from "./use-cluster.ts";

jest.setTimeout(180_000);

const PARTITIONS = [0, 1];
const beginning: StartPoint = { kind: "beginning" };

const { broker, reader, onCluster } = useCluster();

interface Deployed {
  readonly file: string;
  readonly pipeline: Pipeline;
  readonly service: Replayable;
  readonly running: RunningService;
  readonly input: string;
  readonly output: string;
}

let count = 0;

/** `con2` with its operators between two topics of two partitions. */
async function deployed(apply: string, more = "", operators: Record<string, string> = {}): Promise<Deployed> {
  const [input, output] = [ownName(`in${++count}`), ownName(`out${count}`)];
  const { file, pipeline } = await declared(
    [
      `topics: { ${input}: { partitions: 2 }, ${output}: { partitions: 2 } }`,
      `services: { con2: { on: rpi0, from: ${input}, apply: ${apply}, to: ${output} ${more} } }`,
    ],
    operators,
  );
  const service = replayable(pipeline, "con2", [broker.bootstrapServer]);
  const [running] = await deploy(broker, pipeline);
  if (running === undefined) throw new Error("nothing runs");
  return { file, pipeline, service, running, input, output };
}

/** What stands at an offset of a partition. */
const valueAt = (partition: number, offset: number) => (partition === 0 ? offset : 1000 - 3 * offset);

async function send(topic: string, from: number, to: number, padding = ""): Promise<void> {
  const records = PARTITIONS.flatMap((partition) =>
    Array.from({ length: to - from }, (_, i) => ({ partition, value: `${padding}${valueAt(partition, from + i)}` })),
  );
  await write(broker, topic, records);
}

/** What the average gives for the records of a partition from one offset to another, when it begins with none. */
function averages(partition: number, from: number, to: number): string[] {
  const values = Array.from({ length: to - from }, (_, i) => valueAt(partition, from + i));
  return run(ewma, { alpha: 0.5 }, values).map(String);
}

async function valuesByPartition(topic: string): Promise<(string | null)[][]> {
  const records = (await reader.read(topic))[topic] ?? [];
  return PARTITIONS.map((number) => records.filter(({ partition }) => partition === number).map(({ value }) => value));
}

/** Until the service has committed everything up to an offset. */
function through({ service, running, input }: Deployed, offset: number): Promise<void> {
  const positions = () =>
    onCluster(({ kafka }) =>
      kafka.inspect((inspector) =>
        Promise.all(
          PARTITIONS.map((partition) => inspector.committedOffset(service.spec.groupId, { topic: input, partition })),
        ),
      ),
    );
  return eventually(
    async () => (await positions()).every((position) => position === BigInt(offset)),
    running.journal,
    60_000,
  );
}

/** Everything once up to where it went back, and then from there: how far it had got nobody knows before. */
async function expectReplayed(output: string, from: number, to: number): Promise<void> {
  for (const [partition, values] of (await valuesByPartition(output)).entries()) {
    const again = averages(partition, from, to);
    const before = values.slice(0, -again.length);
    expect(values.slice(-again.length)).toEqual(again);
    expect(before).toEqual(averages(partition, 0, before.length + 1));
    expect(before.length).toBeGreaterThanOrEqual(from);
  }
}

test("a service under load goes back, and all from there comes again, each once, from no state", async () => {
  const con2 = await deployed("[{ ewma: { alpha: 0.5 } }]");
  const { service, input, output } = con2;
  await send(input, 0, 200);
  await through(con2, 200);
  const sending = (async () => {
    for (let offset = 200; offset < 800; offset += 20) {
      await send(input, offset, offset + 20);
      await sleep(20);
    }
  })();
  await eventually(
    async () => (await valuesByPartition(output)).every((values) => values.length > 220),
    con2.running.journal,
  );
  const wasRunning = await onCluster(async (cluster) =>
    resetGroup(cluster, service, await planReset(cluster, service, { kind: "offset", offset: 100n })),
  );
  expect(wasRunning).toBe(true);
  await sending;
  await through(con2, 800);
  await expectReplayed(output, 100, 800);
});

test("one that has nothing to do goes back, too; cut short, it is finished by the next run, and nothing comes twice", async () => {
  const con2 = await deployed("[{ ewma: { alpha: 0.5 } }]");
  const { service, running, input, output } = con2;
  await send(input, 0, 50);
  await through(con2, 50);

  // The first partition has gone back when the plug is pulled, the other has not.
  await expect(
    onCluster(async (cluster) => {
      const plan = await planReset(cluster, service, beginning);
      await resetGroup(dyingBetweenPartitions(cluster), service, plan);
    }),
  ).rejects.toThrow("the plug is pulled");
  const plan = await onCluster((cluster) => planReset(cluster, service, beginning));
  expect(plan).toMatchObject({
    gone: [{ partition: 0, offset: 0n }],
    ranges: [{ partition: 1, from: 0n, end: 50n }],
  });
  expect(await onCluster((cluster) => resetGroup(cluster, service, plan))).toBe(true);
  await through(con2, 50);
  const twice = (to: number) => PARTITIONS.map((each) => [...averages(each, 0, 50), ...averages(each, 0, to)]);
  expect(await valuesByPartition(output)).toEqual(twice(50));
  expect((await onCluster((cluster) => planReset(cluster, service, beginning))).gone).toEqual([]);
  expect(running.journal()).toMatch(/: The coordinator is not aware of this member, re-joining the group$/m);

  // The copy of the state on its disk is the new one.
  await running.stop("SIGKILL");
  const again = await startService(service.spec, { operators: service.operatorModules });
  await send(input, 50, 60);
  await through({ ...con2, running: again }, 60);
  expect(await valuesByPartition(output)).toEqual(twice(60));
});

test("into a topic of its own: killed half-way and run again, each result is there once, and nothing else is left", async () => {
  const slow = [
    'import { map, number } from "bramble/operator";',
    "export const slow = map({ value: number(), step: (_, x) => {",
    "  for (const until = performance.now() + 0.3; performance.now() < until; );",
    "  return x;",
    "} });",
  ].join("\n");
  const con2 = await deployed("[slow, { ewma: { alpha: 0.5 } }]", "", { slow });
  const { file, pipeline, service, input, output } = con2;
  // Long records, so that one transaction takes a part of them only.
  const padding = " ".repeat(500);
  for (let offset = 0; offset < 3000; offset += 500) await send(input, offset, offset + 500, padding);
  await through(con2, 3000);

  const trial = ownName("trial");
  await onCluster(({ admin }) =>
    killedHalfWay([file, "con2", broker.bootstrapServer, trial], async () => {
      if (!(await admin.listTopics()).includes(trial)) return false;
      return (await admin.fetchTopicOffsets(trial)).some(({ high }) => high !== "0");
    }),
  );

  const into = intoTopic(pipeline, service, trial);
  const { plan, written, topics, groups } = await onCluster(async (cluster) => {
    const { admin } = cluster;
    const plan = await planReplayInto(cluster, service, into, beginning);
    const warnings: string[] = [];
    const written = await replayInto(cluster, into, plan, (news) => {
      if (news.kind === "warning") warnings.push(news.text);
    });
    expect(warnings).toEqual([]);
    return { plan, written, topics: await admin.listTopics(), groups: (await admin.listGroups()).groups };
  });
  expect(plan.fresh).toEqual(new Set());
  expect(plan.ranges.every(({ from }) => from < 3000n)).toBe(true);
  expect(written).toBeGreaterThan(0);
  const all = PARTITIONS.map((partition) => averages(partition, 0, 3000));
  expect(await valuesByPartition(trial)).toEqual(all);
  expect(written).toBeLessThan(all.flat().length);
  // The service itself does not know of it.
  expect(await valuesByPartition(output)).toEqual(all);
  expect(topics.filter((topic) => topic.includes(trial))).toEqual([trial]);
  expect(groups.filter(({ groupId }) => groupId.includes(trial))).toEqual([]);
});

test("a record that was too far ahead of the clock stays refused in both replays, also when it would be let in by now", async () => {
  const con2 = await deployed("[{ ewma: { alpha: 0.5 } }]");
  const { pipeline, service, running, input, output } = con2;
  const inAnHour = String(Date.now() + 3_600_000);
  const ahead = (value: string) => PARTITIONS.map((partition) => ({ partition, value, timestamp: inAnHour }));
  await send(input, 0, 3);
  await write(broker, input, ahead("1000000"));
  await send(input, 3, 6);
  await through(con2, 7);
  const all = (partition: number) => averages(partition, 0, 6);
  expect(await valuesByPartition(output)).toEqual(PARTITIONS.map(all));

  const edited = { ...service, spec: { ...service.spec, maxAheadMs: 86_400_000 } };
  const trial = ownName("let-in");
  await onCluster(async (cluster) => {
    const into = intoTopic(pipeline, edited, trial);
    await replayInto(cluster, into, await planReplayInto(cluster, edited, into, beginning), () => {});
  });
  expect(await valuesByPartition(trial)).toEqual(PARTITIONS.map(all));

  await running.stop();
  const again = await startService(edited.spec, { operators: service.operatorModules });
  await onCluster(async (cluster) => resetGroup(cluster, edited, await planReset(cluster, edited, beginning)));
  // What comes now is new, and goes by the clock.
  await write(broker, input, ahead("0"));
  await through({ ...con2, running: again }, 8);
  const andNew = (partition: number) =>
    run(ewma, { alpha: 0.5 }, [...[0, 1, 2, 3, 4, 5].map((i) => valueAt(partition, i)), 0]);
  expect(await valuesByPartition(output)).toEqual(
    PARTITIONS.map((partition) => [...all(partition), ...andNew(partition).map(String)]),
  );
});

test("a service with at-least-once must be stopped; then it goes back, too", async () => {
  const con2 = await deployed("[{ ewma: { alpha: 0.5 } }]", ", processingGuarantee: at_least_once");
  const { service, running, input, output } = con2;
  await send(input, 0, 30);
  await through(con2, 30);
  await expect(onCluster((cluster) => requireStopped(cluster, service))).rejects.toThrow(
    /^con2 is running with at_least_once, so it would commit .* Stop it \(rpi0: sudo systemctl stop bramble-con2\), run this again, and start it\.$/,
  );
  await running.stop();
  await onCluster(async (cluster) => {
    await requireStopped(cluster, service);
    expect(await resetGroup(cluster, service, await planReset(cluster, service, beginning))).toBe(false);
  });
  const again = await startService(service.spec, { operators: service.operatorModules });
  await through({ ...con2, running: again }, 30);
  expect(await valuesByPartition(output)).toEqual(
    PARTITIONS.map((each) => [...averages(each, 0, 30), ...averages(each, 0, 30)]),
  );
});

test("a time is looked up in each partition, and what retention took is told", async () => {
  const { service, input, running } = await deployed("[]");
  const hoursAgo = (hours: number) => String(Date.now() - hours * 3_600_000);
  const at = (hours: number, partition: number) => ({ value: "1", partition, timestamp: hoursAgo(hours) });
  await write(broker, input, [at(3, 0), at(2, 0), at(1, 0), at(3, 1), at(0, 1), at(0, 1)]);
  const plan = (from: StartPoint) => onCluster((cluster) => planReset(cluster, service, from));
  await eventually(async () => (await plan(beginning)).ranges.every(({ end }) => end === 3n), running.journal);
  const ago = (hours: number): StartPoint => ({ kind: "ago", ms: hours * 3_600_000 });
  const starts = async (from: StartPoint) => (await plan(from)).ranges.map((each) => [Number(each.from), each.isCut]);
  expect(await starts(ago(2.5))).toEqual([
    [1, false],
    [1, false],
  ]);
  expect(await starts(ago(0.5))).toEqual([
    [3, false],
    [1, false],
  ]);
  // Longer than there is time: all of it.
  expect(await starts(ago(1e9))).toEqual([
    [0, false],
    [0, false],
  ]);
  await onCluster(async ({ admin }) => {
    await admin.fetchTopicOffsets(input); // or else it does not know who leads the partition
    await admin.deleteTopicRecords({ topic: input, partitions: [{ partition: 0, offset: "2" }] });
  });
  expect(await starts(ago(2.5))).toEqual([
    [2, true],
    [1, false],
  ]);
  await expect(plan({ kind: "offset", offset: 1n })).rejects.toThrow(
    `${input}/0: 2 to 3, where con2 is; Kafka has deleted the records before 2 (retention)`,
  );
});
