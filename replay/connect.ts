import kafkajs, { type Admin } from "kafkajs";
import { connectKafka } from "../runtime/kafka/connect.ts";
import type { Kafka } from "../runtime/kafka/kafka.ts";
import { readLeaderlessMetadata } from "../runtime/kafka/leaderless-metadata.ts";
import { CommandError } from "./command-error.ts";

/** A cluster as these commands see it: records through the runtime's own client, groups and topics through Kafka's admin API. */
export interface ReplayCluster {
  readonly bootstrapServers: readonly string[];
  readonly kafka: Kafka;
  readonly admin: Admin;
}

/** Lends a connection to the first broker that answers. Throws where that is none. */
export async function withCluster<T>(
  bootstrapServers: readonly string[],
  work: (cluster: ReplayCluster) => Promise<T>,
): Promise<T> {
  readLeaderlessMetadata();
  const admin = new kafkajs.Kafka({
    clientId: "bramble",
    brokers: [...bootstrapServers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 3000,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 3 },
  }).admin();
  try {
    await admin.connect();
  } catch (cause) {
    const found = `Kafka: no broker answers at ${bootstrapServers.join(", ")}`;
    const next =
      "`pulumi up` starts the brokers. To reach those of the lab, put `npx bramble lab exec --` before the command.";
    throw new CommandError("broker-unreachable", `${found}. ${next}`, { cause });
  }
  try {
    // What matters of the client's complaints comes as an error, too.
    const kafka = connectKafka({
      bootstrapServers,
      clientId: "bramble",
      processingGuarantee: "exactly_once",
      onComplaint: () => {},
    });
    return await work({ bootstrapServers, kafka, admin });
  } finally {
    await admin.disconnect();
  }
}

/** How many partitions a topic has. Throws when it is not there. */
export async function partitionsOf({ admin }: ReplayCluster, topic: string): Promise<number> {
  if (!(await admin.listTopics()).includes(topic)) {
    throw new Error(`topic ${topic} does not exist; \`pulumi up\` creates it`);
  }
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length ?? 0;
}
