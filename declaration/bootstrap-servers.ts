import type { Cluster } from "./pipeline.ts";

export const brokerPort = 9092;

/** `host:port` of every broker of a cluster. */
export function bootstrapServers({ hosts, kafka }: Cluster): string[] {
  const brokers = hosts.filter(({ name }) => kafka.brokers.includes(name));
  return brokers.map(({ address }) => `${address}:${brokerPort}`);
}

/**
 * Those that services are told: the first three, from which a client learns the others. More would restart every service
 * whenever a host comes or goes.
 */
export function firstServers(cluster: Cluster): string[] {
  return bootstrapServers(cluster).slice(0, 3);
}
