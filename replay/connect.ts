import { type Admin, adminOf } from "../kafka/admin.ts";
import { Cluster } from "../kafka/cluster.ts";
import { kafkaOn } from "../kafka/connect.ts";
import type { Kafka } from "../kafka/kafka.ts";
import { CommandError } from "./command-error.ts";

/** A cluster as these commands see it: records and positions as services do, and topics and groups. */
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
  const clientId = "bramble";
  const connections = new Cluster({ endpoint: { addresses: bootstrapServers }, clientId });
  const admin = adminOf(connections);
  const kafka = kafkaOn(connections, {
    clientId,
    processingGuarantee: "exactly_once",
    onComplaint: () => {}, // what matters of it comes as an error, too
  });
  try {
    await admin.connect();
  } catch (cause) {
    connections.close();
    const found = `Kafka: no broker answers at ${bootstrapServers.join(", ")}`;
    const next =
      "`pulumi up` starts the brokers. To reach those of the lab, put `npx bramble lab exec --` before the command.";
    throw new CommandError("broker-unreachable", `${found}. ${next}`, { cause });
  }
  try {
    return await work({ bootstrapServers, kafka, admin });
  } finally {
    connections.close();
  }
}

/** Those of these topics that there are. */
export async function topicsThere({ kafka }: ReplayCluster, names: readonly string[]): Promise<ReadonlySet<string>> {
  const { topics } = await kafka.inspect((inspector) => inspector.describe(names));
  return new Set(topics.keys());
}

/** How many partitions a topic has. Throws when it is not there. */
export async function partitionsOf({ kafka }: ReplayCluster, topic: string): Promise<number> {
  const { topics } = await kafka.inspect((inspector) => inspector.describe([topic]));
  const partitions = topics.get(topic);
  if (partitions === undefined) throw new Error(`topic ${topic} does not exist; \`pulumi up\` creates it`);
  return partitions.length;
}
