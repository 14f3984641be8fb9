import { beforeAll, expect, jest, test } from "@jest/globals";
import type { Pipeline } from "../../declaration/pipeline.ts";
import { clusterMetadata } from "../../provisioning/kafka/cluster-metadata.ts";
import { committedOffsets } from "../../provisioning/kafka/committed-offsets.ts";
import type { Consumer } from "../../replay/dead-letters.ts";
import { intoTopic } from "../../replay/into-topic.ts";
import { leaderless, type Needs, requireAvailable } from "../../replay/needs.ts";
import { needsOfPutBack, putBack } from "../../replay/put-back.ts";
import { needsOfReplayInto, planReplayInto, replayInto } from "../../replay/replay-into.ts";
import { type Replayable, replayable } from "../../replay/replayable.ts";
import { needsOfReset, planReset, resetGroup } from "../../replay/reset-group.ts";
import type { StartPoint } from "../../replay/start-point.ts";
import { eventually } from "../../testing/eventually.ts";
import { type RunningService, startService } from "../../testing/running-service.ts";
import { createTopics, write } from "../../testing/topics.ts";
import { brambleCommand, ownAddress } from "./bramble-command.ts";
import { declared } from "./declared.ts";
import { useOwnCluster } from "./use-cluster.ts";

jest.setTimeout(120_000);

const beginning: StartPoint = { kind: "beginning" };
const nothing: Needs = { topics: [], groups: [], transactionalIds: [] };

const { broker, outputs, onCluster } = await useOwnCluster();
const server = broker.bootstrapServer;
const address = ownAddress();
let pipeline: Pipeline;
let file: string;

const service = (name: string): Replayable => replayable(pipeline, name, [server]);
const start = ({ spec, operatorModules }: Replayable): Promise<RunningService> =>
  startService(spec, { operators: operatorModules });

const bramble = (...args: string[]) => brambleCommand(server, { address, file }, args);

function consumer(name: string): Consumer {
  const { spec, inputTopics } = service(name);
  return { name, groupId: spec.groupId, inputTopics, deadLetterTopic: spec.deadLetterTopic ?? "" };
}

/** Then nobody leads what is on the second broker alone. */
beforeAll(async () => {
  const services = ["con1: in1, out1", "con2: in2, out2", "con3: in1, out3"].map((each) => {
    const [name, from, to] = each.split(/\W+/);
    return `  ${name}: { on: rpi0, from: ${from}, apply: [{ ewma: { alpha: 0.5 } }], to: ${to} }`;
  });
  const cluster = `{ hosts: { rpi0: ${address}, rpi1: 127.0.0.1 }, kafka: { brokers: [rpi0] } }`;
  const topics = "topics: { in1: {}, in2: { partitions: 2 } }";
  ({ pipeline, file } = await declared([topics, "services:", ...services], {}, { cluster, name: "replay1" }));
  const second = await broker.startSecond();
  await eventually(
    async () => (await clusterMetadata(server)).brokers.has(1),
    () => "the second broker is not in the cluster",
  );
  const elsewhere = new Map([
    ["in2", [0, 1]],
    [consumer("con2").deadLetterTopic, [1]],
  ]);
  await createTopics(broker, [
    { topic: "__consumer_offsets", on: [0, 0, 0, 1] },
    { topic: "__transaction_state", on: [0, 0, 0, 0] },
    ...pipeline.topics.map(({ name, partitions, role }) => {
      const on = elsewhere.get(name) ?? Array.from({ length: partitions }, () => 0);
      return { topic: name, compacted: role === "changelog", on };
    }),
  ]);
  const con1 = await start(service("con1"));
  await write(broker, "in1", [{ value: "1" }, { value: "warm" }, { value: "3" }]);
  await outputs("out1", 1, con1);
  await con1.stop();
  await second.kill();
  await eventually(
    async () => (await clusterMetadata(server)).partitions.filter(({ leader }) => leader === undefined).length === 3,
    () => "the second broker still leads",
  );
});

const found = "it has no leader (Kafka is down on rpi1), so it cannot be read or written";
const next = "Start Kafka on rpi1 (see `npx bramble status`), and run this again.";

test("dead letters that can be read are told; those that cannot are named, and the exit code is another", async () => {
  const deadLetters = `${consumer("con2").deadLetterTopic}/0: ${found}`;
  const all = await bramble("deadletters");
  // What con3 has put back is kept where nobody leads.
  expect(all).toMatchObject({ code: 1, stderr: `${deadLetters}\n__consumer_offsets/3: ${found}\n${next}\n` });
  expect(all.stdout).toMatch(/^con1 +1 +0 .*\ncon2 +- +- +- +.*-dead-letters \(cannot be read now\)\ncon3 +- /m);
  const error = { code: "partition-leaderless", message: all.stderr.trimEnd() };
  expect(await bramble("deadletters", "--json")).toEqual({
    code: 1,
    stdout: expect.stringMatching(/^{.*"con1".*}\n$/),
    stderr: `${JSON.stringify({ error })}\n`,
  });
  expect(await bramble("deadletters", "con1")).toMatchObject({ code: 0, stderr: "" });
  const refused = `bramble: ${deadLetters}\n${next}\n`;
  expect(await bramble("deadletters", "con2")).toEqual({ code: 1, stdout: "", stderr: refused });
});

test.each([
  ["deadletters con2 --replay --yes", "replay1-con2-dead-letters/0", "in2/1"],
  ["replay con2 --from beginning --yes", "in2/1", "__consumer_offsets/3"],
  ["replay con2 --from beginning --to trial", "in2/1"],
])("%s is refused before anything is changed", async (command, ...partitions) => {
  const lines = [...partitions.map((each) => `${each}: ${found}`), next, "Nothing was changed."];
  const stderr = `bramble: ${lines.join("\n")}\n`;
  expect(await bramble(...command.split(" "))).toEqual({ code: 1, stdout: "", stderr });
});

test("which partition keeps a group is told as Kafka does", async () => {
  const groups = Array.from({ length: 24 }, (_, i) => `grüppe ${i * i}`);
  const answered = await committedOffsets(server, groups);
  expect(answered.size).toBeGreaterThan(0);
  expect(answered.size).toBeLessThan(groups.length);
  await onCluster(async (cluster) => {
    const kept = await Promise.all(groups.map((group) => leaderless(cluster, { ...nothing, groups: [group] })));
    expect(groups.filter((_, i) => kept[i]?.length === 0)).toEqual(groups.filter((group) => answered.has(group)));
  });
});

test("what has nothing to do with them works as ever: to put back, to send back, and to read again into a topic", async () => {
  const con1 = service("con1");
  const into = intoTopic(pipeline, con1, "trial");
  await onCluster(async (cluster) => {
    await expect(requireAvailable(cluster, [], { ...nothing, brokers: 2 })).rejects.toThrow(
      "the replicas of new topics need 2 brokers; found 1 running",
    );
    for (const needs of [
      needsOfPutBack(consumer("con1")),
      await needsOfReset(cluster, con1),
      await needsOfReplayInto(cluster, con1, into),
    ]) {
      await requireAvailable(cluster, pipeline.cluster.hosts, needs);
    }
    expect(await putBack(cluster, consumer("con1"))).toEqual({ records: 1, left: [] });
    expect(await replayInto(cluster, into, await planReplayInto(cluster, con1, into, beginning), () => {})).toBe(1);
    expect(await resetGroup(cluster, con1, await planReset(cluster, con1, beginning))).toBe(false);
  });
  expect(await outputs("trial", 1)).toEqual(["2"]);
});

test("and a service that starts meanwhile works", async () => {
  const con1 = await start(service("con1"));
  expect(await outputs("out1", 2, con1)).toEqual(["2", "2"]);
});
