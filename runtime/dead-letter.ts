import type { PoisonError } from "./codec.ts";
import type { IncomingRecord, OutgoingRecord, TopicPartition } from "./kafka/kafka.ts";

/** The refused record as it was, with headers that say why, by whom, and where it came from. */
export function deadLetter(
  topic: string,
  service: string,
  { topic: from, partition }: TopicPartition,
  record: IncomingRecord,
  error: PoisonError,
): OutgoingRecord {
  const facts: Record<string, string> = {
    "bramble.cause": error.message,
    "bramble.service": service,
    ...(error.operator !== undefined && { "bramble.operator": error.operator }),
    "bramble.topic": from,
    "bramble.partition": String(partition),
    "bramble.offset": String(record.offset),
  };
  const headers = Object.entries(facts).map(([name, value]) => [name, [Buffer.from(value)]] as const);
  return {
    topic,
    key: record.key,
    value: record.value,
    timestamp: record.timestamp,
    headers: { ...record.headers, ...Object.fromEntries(headers) },
  };
}
