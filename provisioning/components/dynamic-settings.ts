import type * as declaration from "../../declaration/pipeline.ts";

/**
 * The settings that every broker takes up while it runs, of all 3.x and 4.x ("cluster-wide" in Kafka's documentation,
 * Broker Configs; KIP-226). Those of security and listeners are left out, which differ from broker to broker, and those
 * that only some versions have: they are of server.properties, and a change restarts.
 */
const dynamic = new Set([
  "background.threads",
  "compression.type",
  "log.cleaner.backoff.ms",
  "log.cleaner.dedupe.buffer.size",
  "log.cleaner.delete.retention.ms",
  "log.cleaner.io.buffer.load.factor",
  "log.cleaner.io.buffer.size",
  "log.cleaner.io.max.bytes.per.second",
  "log.cleaner.max.compaction.lag.ms",
  "log.cleaner.min.cleanable.ratio",
  "log.cleaner.min.compaction.lag.ms",
  "log.cleaner.threads",
  "log.cleanup.policy",
  "log.flush.interval.messages",
  "log.flush.interval.ms",
  "log.index.interval.bytes",
  "log.index.size.max.bytes",
  "log.message.timestamp.type",
  "log.preallocate",
  "log.retention.bytes",
  "log.retention.ms",
  "log.roll.jitter.ms",
  "log.roll.ms",
  "log.segment.bytes",
  "log.segment.delete.delay.ms",
  "max.connection.creation.rate",
  "max.connections",
  "max.connections.per.ip",
  "max.connections.per.ip.overrides",
  "message.max.bytes",
  "min.insync.replicas",
  "num.io.threads",
  "num.network.threads",
  "num.recovery.threads.per.data.dir",
  "num.replica.fetchers",
  "unclean.leader.election.enable",
]);

/** What of the file's broker settings Kafka takes up without a restart. Pure. */
export function dynamicSettings({ kafka }: declaration.Cluster): Record<string, string> {
  // Kafka 4 sets this one itself when a cluster is made, and lets nobody take it away.
  const always = { "min.insync.replicas": "1" };
  return { ...always, ...only(kafka.config, (name) => dynamic.has(name)) };
}

/** What of them stands in server.properties. Pure. */
export function staticSettings({ kafka }: declaration.Cluster): Record<string, string> {
  return only(kafka.config, (name) => !dynamic.has(name));
}

function only(config: Readonly<Record<string, string>>, matches: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(config).filter(([name]) => matches(name)));
}
