import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Kafka, logLevel } from "kafkajs";
import { connectAdmin, type KafkaAdmin, NoBrokerError } from "../../../provisioning/kafka/admin.ts";
import { type KafkaBroker, startKafkaBroker } from "../../runtime/kafka-broker.ts";

jest.setTimeout(120_000);

let broker: KafkaBroker;
let admin: KafkaAdmin;
beforeAll(async () => {
  broker = await startKafkaBroker();
  admin = await connectAdmin([broker.bootstrapServer]);
});
afterAll(async () => {
  await admin?.close();
  await broker?.stop();
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
    expect(await admin.records("misspelt")).toBe(0);
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
    expect(await admin.records("d")).toBe(0);
    const producer = new Kafka({ brokers: [broker.bootstrapServer], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const messages = [0, 1, 1].map((partition) => ({ partition, value: "x" }));
    await producer.send({ topic: "d", messages });
    await producer.disconnect();
    expect(await admin.records("d")).toBe(3);
  });

  test("that the broker refuses is named, with the broker's reason", async () => {
    const config = { "retention.ms": "a week" };
    await expect(admin.create("e", { partitions: 1, replicationFactor: 1, config })).rejects.toThrow(/^topic e: .+/);
    expect(await admin.describe("e")).toBeUndefined();
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
