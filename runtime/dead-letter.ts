import type { PoisonError } from "./codec.ts";
import type { IncomingRecord, OutgoingRecord, TopicPartition } from "./kafka/kafka.ts";

/** With its headers a record must stay below the 1 MiB that topics take (`max.message.bytes`), or it would block its stream. */
const MAX_VALUE_BYTES = 900_000;

/** The refused record as it was, with headers that say why, by whom, and where it came from. */
export function deadLetter(
  topic: string,
  service: string,
  { topic: from, partition }: TopicPartition,
  record: IncomingRecord,
  error: PoisonError,
): OutgoingRecord {
  const tooLong = record.value !== null && record.value.length > MAX_VALUE_BYTES;
  const facts: Record<string, string> = {
    "bramble.cause": error.message,
    "bramble.service": service,
    ...(error.operator !== undefined && { "bramble.operator": error.operator }),
    "bramble.topic": from,
    "bramble.partition": String(partition),
    "bramble.offset": String(record.offset),
    ...(tooLong && { "bramble.cut-from-bytes": String(record.value.length) }),
  };
  const headers = Object.entries(facts).map(([name, value]) => [name, [Buffer.from(value)]] as const);
  return {
    topic,
    key: record.key,
    value: tooLong ? record.value.subarray(0, MAX_VALUE_BYTES) : record.value,
    timestamp: record.timestamp,
    headers: { ...record.headers, ...Object.fromEntries(headers) },
  };
}
