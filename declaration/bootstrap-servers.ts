import type { Cluster } from "./pipeline.ts";

export const brokerPort = 9092;

/** `host:port` of every broker of a cluster. */
export function bootstrapServers({ hosts, kafka }: Cluster): string[] {
  const brokers = hosts.filter(({ name }) => kafka.brokers.includes(name));
  return brokers.map(({ address }) => `${address}:${brokerPort}`);
}
