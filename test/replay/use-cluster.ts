import { type Admin, Kafka, logLevel } from "kafkajs";
import { withCluster } from "../../replay/connect.ts";
import type { ReachableBroker } from "../../testing/kafka-broker.ts";
import { useBroker, useOwnBroker } from "../../testing/use-broker.ts";

/** The broker that all files share, and the connection that commands have to it, lent for one piece of work. */
export function useCluster() {
  return connected(useBroker());
}

/** The same of a broker for this file alone. */
export async function useOwnCluster() {
  return connected(await useOwnBroker());
}

function connected<U extends { readonly broker: ReachableBroker }>(used: U) {
  const onCluster = <T>(work: Parameters<typeof withCluster<T>>[1]) => withCluster([used.broker.bootstrapServer], work);
  return { ...used, onCluster, withAdmin: adminOf(used.broker.bootstrapServer) };
}

/** Lends kafkajs's own admin client, to look at the cluster with other eyes. */
function adminOf(bootstrapServer: string) {
  return async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = new Kafka({ brokers: [bootstrapServer], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  };
}
