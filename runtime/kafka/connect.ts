import { Kafka as KafkaJs, type LogEntry, logLevel } from "kafkajs";
import type { ProcessingGuarantee } from "../service-spec.ts";
import { registerCodecs } from "./codecs.ts";
import { consume } from "./consumption.ts";
import { type CommitOffset, openIdempotentProducer } from "./idempotent-producer.ts";
import { inspect } from "./inspector.ts";
import type { Kafka } from "./kafka.ts";
import { openSocket } from "./socket.ts";
import { openTransactionalProducer } from "./transactional-producer.ts";

export interface KafkaOptions {
  readonly bootstrapServers: readonly string[];
  /** Names this service on this host, and no other process: what a group has of it after a crash is not waited for. */
  readonly clientId: string;
  readonly processingGuarantee: ProcessingGuarantee;
  /** Where the client's own complaints go; it retries after most of them. */
  readonly onComplaint: (message: string) => void;
}

/** Opens no connection yet: each part connects, and connects again, when it is used. */
export function connectKafka({ bootstrapServers, clientId, processingGuarantee, onComplaint }: KafkaOptions): Kafka {
  registerCodecs();
  const client = {
    brokers: [...bootstrapServers],
    clientId,
    socketFactory: openSocket,
    connectionTimeout: 3000,
    // A broker that fell silent is given up after this long; kafkajs waits 30 s.
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 },
  };
  const kafka = new KafkaJs({
    ...client,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ log }) => {
        if (!isReportedElsewhere(log.message)) onComplaint(complaintOf(log));
      },
  });
  const inspected = { ...client, logger: kafka.logger() };
  // A position is committed by the member that consumes, so that one that is a member no more is refused.
  let commitOffset: CommitOffset = ({ groupId }) => Promise.reject(new Error(`${groupId}: not consuming`));
  return {
    producer: (options) =>
      processingGuarantee === "exactly_once"
        ? openTransactionalProducer(kafka, options)
        : openIdempotentProducer(kafka, options, (consumed) => commitOffset(consumed)),
    consume: async (subscription) => {
      await inspect(inspected, (inspector) => inspector.retireMembers(subscription.groupId, clientId));
      return consume(kafka, subscription, (commit) => {
        commitOffset = commit;
      });
    },
    inspect: (work) => inspect(inspected, work),
  };
}

/** kafkajs complains of each refused request that it sends again at once, and of what it also throws. */
function isReportedElsewhere(message: string): boolean {
  return /^(Response |The group is rebalancing|Failed to send messages|Failed to connect to seed broker|Crash: )/.test(
    message,
  );
}

function complaintOf(log: LogEntry["log"]): string {
  const { message, error, groupId, broker, topic, partition } = log as LogEntry["log"] &
    Record<string, string | undefined>;
  if (message.startsWith("Offset out of range")) {
    return `${topic}/${partition}: records were deleted before they were read, as retention.ms and retention.bytes say; going on with the earliest that is left`;
  }
  // Of some the message begins with the error.
  const cause = error === undefined || message.startsWith(error) ? undefined : error;
  return ["kafka client", broker ?? groupId, message, cause].filter(Boolean).join(": ");
}
