import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import kafkajs, { Kafka, logLevel, Partitioners } from "kafkajs";
import { cacheFolder } from "../../setup/cache.ts";
import type { KafkaBroker } from "./kafka-broker.ts";

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface NewTopic {
  readonly topic: string;
  readonly partitions?: number;
  readonly compacted?: boolean;
}

function client(broker: KafkaBroker): Kafka {
  return new Kafka({ brokers: [broker.bootstrapServer], logLevel: logLevel.NOTHING });
}

export async function createTopics(broker: KafkaBroker, topics: readonly NewTopic[]): Promise<void> {
  const admin = client(broker).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map(({ topic, partitions = 1, compacted = false }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: 1,
      configEntries: compacted ? [{ name: "cleanup.policy", value: "compact" }] : [],
    })),
  });
  await admin.disconnect();
}

/** The broker compresses what comes to the topic, with Kafka's own Java codecs. */
export async function setCompression(broker: KafkaBroker, topic: string, codec: string): Promise<void> {
  const admin = client(broker).admin();
  await admin.connect();
  const configEntries = [{ name: "compression.type", value: codec }];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  });
  await admin.disconnect();
}

/** Writes as any producer might: no transaction, no ordering across partitions. */
export async function write(
  broker: KafkaBroker,
  topic: string,
  records: readonly {
    value: Buffer | string | null;
    key?: string;
    partition?: number;
    headers?: Record<string, string>;
  }[],
): Promise<void> {
  const producer = client(broker).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let start = 0; start < records.length; start += 1000) {
    await producer.send({ topic, messages: records.slice(start, start + 1000) });
  }
  await producer.disconnect();
}

/** All committed records, read by kafka-python. */
export async function readTopics(broker: KafkaBroker, ...topics: string[]): Promise<Record<string, ReadRecord[]>> {
  const python = join(cacheFolder(), "venv/bin/python");
  if (!existsSync(python)) throw new Error(`${python}: there is no kafka-python; run the set-up (make setup) first`);
  const script = join(import.meta.dirname, "read-topics.py");
  const { stdout } = await promisify(execFile)(python, [script, broker.bootstrapServer, ...topics], {
    maxBuffer: 256 * 1024 * 1024,
  });
  return JSON.parse(stdout);
}

export async function readValues(broker: KafkaBroker, topic: string): Promise<(string | null)[]> {
  return ((await readTopics(broker, topic))[topic] ?? []).map(({ value }) => value);
}
