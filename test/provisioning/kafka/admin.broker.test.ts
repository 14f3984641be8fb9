import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Kafka, logLevel } from "kafkajs";
import type { Cluster } from "../../../declaration/pipeline.ts";
import { dynamicSettings } from "../../../provisioning/components/dynamic-settings.ts";
import { connectAdmin, type KafkaAdmin } from "../../../provisioning/kafka/admin.ts";
import { dynamicConfig } from "../../../provisioning/kafka/dynamic-config.ts";
import { NoBrokerError } from "../../../provisioning/kafka/unanswered.ts";
import type { ConfigChange } from "../../../provisioning/resources/resource-type.ts";
import { eventually } from "../../../testing/eventually.ts";
import { createTopics, write } from "../../../testing/topics.ts";
import { useOwnBroker } from "../../../testing/use-broker.ts";

jest.setTimeout(120_000);

const { broker } = await useOwnBroker();
let admin: KafkaAdmin;
beforeAll(async () => {
  admin = await connectAdmin([broker.bootstrapServer]);
});
afterAll(async () => {
  await admin?.close();
});

const compacted = {
  partitions: 2,
  replicationFactor: 1,
  config: { "cleanup.policy": "compact", "retention.ms": "60000" },
};

test("without a broker there is a clear word, and no answer", async () => {
  await expect(connectAdmin(["127.0.0.1:1"])).rejects.toThrow(NoBrokerError);
});

describe("a topic on a real broker", () => {
  test("is absent, made, seen with its own settings alone, and gone", async () => {
    expect(await admin.describe("a")).toBeUndefined();
    await admin.create("a", compacted);
    expect(await admin.describe("a")).toEqual(compacted);
    await admin.create("a", compacted);
    await admin.delete("a");
    expect(await admin.describe("a")).toBeUndefined();
    await admin.delete("a");
  });

  test("looking for one that is not there does not make it", async () => {
    expect(await admin.describe("misspelt")).toBeUndefined();
    expect(await admin.records("misspelt")).toEqual({ records: 0, isExact: true });
    expect(broker.tool("kafka-topics.sh", "--list")).not.toContain("misspelt");
  });

  test("that Kafka's own tool made, or changed, is seen as it is", async () => {
    broker.tool("kafka-topics.sh", "--create", "--topic", "b", "--partitions", "3", "--config", "retention.ms=5000");
    expect(await admin.describe("b")).toEqual({
      partitions: 3,
      replicationFactor: 1,
      config: { "retention.ms": "5000" },
    });
  });

  test("grows, and takes a whole set of settings in place of another", async () => {
    await admin.create("c", compacted);
    await admin.addPartitions("c", 4);
    await admin.setConfig("c", { "cleanup.policy": "compact", "max.message.bytes": "2000000" });
    expect(await admin.describe("c")).toEqual({
      partitions: 4,
      replicationFactor: 1,
      config: { "cleanup.policy": "compact", "max.message.bytes": "2000000" },
    });
    await admin.setConfig("c", {});
    expect(await admin.describe("c")).toMatchObject({ config: {} });
  });

  test("tells how many records it would lose", async () => {
    await admin.create("d", { partitions: 2, replicationFactor: 1, config: {} });
    expect(await admin.records("d")).toEqual({ records: 0, isExact: true });
    const producer = new Kafka({ brokers: [broker.bootstrapServer], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const messages = [0, 1, 1].map((partition) => ({ partition, value: "x" }));
    await producer.send({ topic: "d", messages });
    await producer.disconnect();
    expect(await admin.records("d")).toEqual({ records: 3, isExact: true });
  });

  test("counts committed records alone: no ends of transactions, and nothing that was aborted", async () => {
    await admin.create("t", { partitions: 1, replicationFactor: 1, config: {} });
    const kafka = new Kafka({ brokers: [broker.bootstrapServer], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: "t", idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const write = async (...values: string[]) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: "t", messages: values.map((value) => ({ value })) });
      return transaction;
    };
    await (await write("1", "2")).commit();
    await (await write("3")).abort();
    await (await write("4")).commit();
    const topicEnd = () => broker.tool("kafka-get-offsets.sh", "--topic", "t").trim().split(":").at(-1);
    expect(topicEnd()).toBe("7");
    expect(await admin.records("t")).toEqual({ records: 3, isExact: true });
    const open = await write("5", "6");
    expect(await admin.records("t")).toEqual({ records: 5, isExact: false });
    await open.abort();
    expect(await admin.records("t")).toEqual({ records: 3, isExact: true });
    await producer.disconnect();
  });

  test("of more than it reads for that, gives an upper bound", async () => {
    await admin.create("large", { partitions: 1, replicationFactor: 1, config: {} });
    const value = "x".repeat(500_000);
    await write(
      broker,
      "large",
      Array.from({ length: 20 }, () => ({ value })),
    );
    expect(await admin.records("large")).toEqual({ records: 20, isExact: false });
  });

  test("that the broker refuses is named, with the broker's reason", async () => {
    const config = { "retention.ms": "a week" };
    await expect(admin.create("e", { partitions: 1, replicationFactor: 1, config })).rejects.toThrow(/^topic e: .+/);
    expect(await admin.describe("e")).toBeUndefined();
  });
});

describe("settings of brokers that run", () => {
  const [first, away] = [
    { id: 0, server: "" },
    { id: 1, server: "127.0.0.1:1" },
  ];
  const brokers = () => [{ ...first, server: broker.bootstrapServer }, away];
  const told = async () => (await dynamicConfig.describe(brokers())).get(0);
  const alter = (changes: ConfigChange[], validateOnly = false) =>
    dynamicConfig.alter(brokers(), changes, { validateOnly });
  const tool = (args: string) => broker.tool("kafka-configs.sh", ...`--entity-type brokers ${args}`.split(" "));

  test("Kafka takes up every one that bramble keeps out of server.properties", async () => {
    const fixed = (await told())?.fixed ?? {};
    const settings = dynamicSettings({ kafka: { config: fixed } } as unknown as Cluster);
    expect(Object.keys(settings).length).toBeGreaterThan(30);
    const changes = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await alter(changes, true);
    expect(await told()).toMatchObject({ forAll: {}, alone: {} });
    // That a setting of another kind would have been refused.
    await expect(alter([{ name: "log.dirs", value: "/tmp" }], true)).rejects.toThrow(
      /^log.dirs=\/tmp: refused by Kafka \(Cannot update these configs dynamically/,
    );
  });

  test("are set, also far from what they were, as Kafka's own tool tells, and taken away", async () => {
    await alter([
      { name: "log.retention.ms", value: "3600000" },
      { name: "num.io.threads", value: "20" },
    ]);
    expect(tool("--entity-default --describe")).toMatch(/log.retention.ms=3600000[\s\S]*num.io.threads=20/);
    tool("--entity-name 0 --alter --add-config num.io.threads=15");
    expect(await told()).toMatchObject({
      forAll: { "log.retention.ms": "3600000", "num.io.threads": "20" },
      alone: { "num.io.threads": "15" },
    });
    await alter([
      { broker: 0, name: "num.io.threads", value: undefined },
      { name: "num.io.threads", value: undefined },
      { name: "log.retention.ms", value: undefined },
    ]);
    expect(await told()).toMatchObject({ forAll: {}, alone: {}, fixed: { "num.io.threads": "4" } });
  });

  test("cannot be told when no broker answers", async () => {
    await expect(dynamicConfig.describe([away])).rejects.toThrow(NoBrokerError);
  });
});

test("a cluster tells its brokers, its controller and where every replica stands", async () => {
  await admin.create("f", { partitions: 2, replicationFactor: 1, config: {} });
  const facts = await admin.cluster();
  expect(facts).toMatchObject({ brokers: [{ id: 0, address: "127.0.0.1" }], controllerId: 0 });
  expect(facts.partitions.filter(({ topic }) => topic === "f")).toEqual([
    { topic: "f", partition: 0, replicas: [0], inSync: [0] },
    { topic: "f", partition: 1, replicas: [0], inSync: [0] },
  ]);
});

test("a topic is changed once all have a leader, as one that is only just being made has none", async () => {
  const second = await broker.startSecond();
  await eventually(
    async () => (await admin.cluster()).brokers.length === 2,
    () => "the second broker is not in the cluster",
  );
  await createTopics(broker, [
    { topic: "elsewhere", on: [1] },
    { topic: "here", on: [0] },
  ]);
  second.freeze();
  await eventually(
    async () => broker.tool("kafka-topics.sh", "--describe", "--unavailable-partitions").includes("elsewhere"),
    () => "the second broker still leads",
  );
  const changed = Promise.all([admin.addPartitions("here", 2), admin.setConfig("here", { "retention.ms": "5000" })]);
  changed.catch(() => {}); // awaited further down
  second.thaw();
  await changed;
  // The broker that was away answers from what it knew until the controller has told it.
  const wanted = { partitions: 2, replicationFactor: 1, config: { "retention.ms": "5000" } };
  let described: unknown;
  await eventually(
    async () => {
      described = await admin.describe("here");
      return isDeepStrictEqual(described, wanted);
    },
    () => `the topic is ${JSON.stringify(described)}`,
  );
});
