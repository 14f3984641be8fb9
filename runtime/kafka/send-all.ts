import type { Producer } from "kafkajs";
import { kafkaErrorType } from "./errors.ts";
import type { OutgoingRecord, Transaction, Written } from "./kafka.ts";
import { refusalIn, type SentMessage } from "./refused-records.ts";
import { sizeOf } from "./size-of.ts";

/**
 * kafkajs puts all records of one send to a partition into one record batch, and a broker refuses batches over 1 MiB
 * (`message.max.bytes`), so a large transaction is sent in pieces well below it.
 */
const MAX_SEND_BYTES = 512 * 1024;

/** Sends piece after piece, each once the one before is acknowledged. Throws a RefusedRecordsError when brokers do not take one. */
export async function sendAll(
  sender: Pick<Producer, "sendBatch">,
  records: readonly OutgoingRecord[],
  { encoded, maxRecordBytes }: Pick<Transaction, "encoded" | "maxRecordBytes">,
  copartitioned: readonly string[],
): Promise<Written> {
  const written = new Map<string, bigint>();
  for (const [index, piece] of sends(records, encoded, maxRecordBytes).entries()) {
    const sent = await sender.sendBatch({ topicMessages: piece }).catch((error) => {
      if (kafkaErrorType(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw refusalIn(error) ?? error;
      throw new Error(`${piece.map(({ topic }) => topic).join(" or ")}: the topic does not exist yet`, {
        cause: error,
      });
    });
    encoded?.sends[index]?.release();
    for (const { topicName, baseOffset } of sent) {
      // Without an offset (-1) a topic keeps the one of the piece, or transaction, before: behind, which does no harm.
      if (!copartitioned.includes(topicName) || Number(baseOffset ?? -1) < 0) continue;
      const count = piece.find(({ topic }) => topic === topicName)?.messages.length ?? 0;
      written.set(topicName, BigInt(baseOffset ?? 0) + BigInt(count));
    }
  }
  return written;
}

/** What is encoded goes along with the pieces of the rest: it is for another topic. */
function sends(
  records: readonly OutgoingRecord[],
  encoded: Transaction["encoded"],
  maxRecordBytes: Transaction["maxRecordBytes"],
): TopicMessages[][] {
  const all = pieces(records, maxRecordBytes);
  encoded?.sends.forEach((each, i) => {
    all[i] ??= [];
    all[i].push({ topic: encoded.topic, messages: [{ key: null, value: "", encoded: each } as SentMessage] });
  });
  return all;
}

type TopicMessages = { topic: string; messages: SentMessage[] };

/** Splits records into sends of bounded size, keeping their order within each topic. */
export function pieces(
  records: readonly OutgoingRecord[],
  maxRecordBytes: ReadonlyMap<string, number> = new Map(),
): TopicMessages[][] {
  const all: TopicMessages[][] = [];
  let piece = new Map<string, { messages: SentMessage[]; bytes: number }>();
  let bytes = 0;
  const finishPiece = () => {
    if (piece.size > 0) all.push(Array.from(piece, ([topic, { messages }]) => ({ topic, messages })));
    piece = new Map();
    bytes = 0;
  };
  for (const record of records) {
    const { topic } = record;
    const size = sizeOf(record);
    // All that a topic gets may be for one partition: then it is one batch.
    const isTooMuch = (piece.get(topic)?.bytes ?? 0) + size > (maxRecordBytes.get(topic) ?? MAX_SEND_BYTES);
    if (isTooMuch || bytes + size > MAX_SEND_BYTES) finishPiece();
    bytes += size;
    const ofTopic = piece.get(topic);
    if (ofTopic) {
      ofTopic.messages.push(messageOf(record));
      ofTopic.bytes += size;
    } else piece.set(topic, { messages: [messageOf(record)], bytes: size });
  }
  finishPiece();
  return all;
}

function messageOf(record: OutgoingRecord): SentMessage {
  const { key, value, headers, timestamp, partition } = record;
  return {
    record,
    key,
    value,
    ...(partition !== undefined && { partition }),
    ...(headers && { headers: headers as Record<string, Buffer[]> }),
    ...(timestamp !== undefined && { timestamp }),
  };
}
