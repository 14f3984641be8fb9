/** An error that a broker answered with. */
export class KafkaError extends Error {
  /** Kafka's name of it, as in NOT_LEADER_OR_FOLLOWER. */
  readonly type: string;

  constructor(type: string, what: string, detail?: string | null) {
    super(`${what}: ${detail || (explanations[type] ?? type)}`);
    this.name = "KafkaError";
    this.type = type;
  }
}

/** Throws unless the code is 0. */
export function requireNoError(code: number, what: string, detail?: string | null): void {
  if (code !== 0) throw new KafkaError(errorType(code), what, detail);
}

export function errorType(code: number): string {
  return names[code] ?? `UNKNOWN_ERROR_${code}`;
}

/** By code, the errors that the requests in `messages.ts` may meet. Source: org.apache.kafka.common.protocol.Errors. */
const names: Readonly<Record<number, string>> = {
  [-1]: "UNKNOWN_SERVER_ERROR",
  1: "OFFSET_OUT_OF_RANGE",
  2: "CORRUPT_MESSAGE",
  3: "UNKNOWN_TOPIC_OR_PARTITION",
  5: "LEADER_NOT_AVAILABLE",
  6: "NOT_LEADER_OR_FOLLOWER",
  7: "REQUEST_TIMED_OUT",
  8: "BROKER_NOT_AVAILABLE",
  9: "REPLICA_NOT_AVAILABLE",
  10: "MESSAGE_TOO_LARGE",
  13: "NETWORK_EXCEPTION",
  14: "COORDINATOR_LOAD_IN_PROGRESS",
  15: "COORDINATOR_NOT_AVAILABLE",
  16: "NOT_COORDINATOR",
  17: "INVALID_TOPIC_EXCEPTION",
  18: "RECORD_LIST_TOO_LARGE",
  19: "NOT_ENOUGH_REPLICAS",
  20: "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  22: "ILLEGAL_GENERATION",
  23: "INCONSISTENT_GROUP_PROTOCOL",
  25: "UNKNOWN_MEMBER_ID",
  26: "INVALID_SESSION_TIMEOUT",
  27: "REBALANCE_IN_PROGRESS",
  29: "TOPIC_AUTHORIZATION_FAILED",
  30: "GROUP_AUTHORIZATION_FAILED",
  32: "INVALID_TIMESTAMP",
  35: "UNSUPPORTED_VERSION",
  45: "OUT_OF_ORDER_SEQUENCE_NUMBER",
  46: "DUPLICATE_SEQUENCE_NUMBER",
  47: "INVALID_PRODUCER_EPOCH",
  48: "INVALID_TXN_STATE",
  49: "INVALID_PRODUCER_ID_MAPPING",
  50: "INVALID_TRANSACTION_TIMEOUT",
  51: "CONCURRENT_TRANSACTIONS",
  53: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  55: "OPERATION_NOT_ATTEMPTED",
  56: "KAFKA_STORAGE_ERROR",
  59: "UNKNOWN_PRODUCER_ID",
  69: "GROUP_ID_NOT_FOUND",
  74: "FENCED_LEADER_EPOCH",
  75: "UNKNOWN_LEADER_EPOCH",
  78: "OFFSET_NOT_AVAILABLE",
  79: "MEMBER_ID_REQUIRED",
  81: "GROUP_MAX_SIZE_REACHED",
  82: "FENCED_INSTANCE_ID",
  87: "INVALID_RECORD",
  88: "UNSTABLE_OFFSET_COMMIT",
  90: "PRODUCER_FENCED",
  100: "UNKNOWN_TOPIC_ID",
  103: "INCONSISTENT_TOPIC_ID",
  120: "TRANSACTION_ABORTABLE",
};

/** In words, what a reader of a journal meets. */
const explanations: Readonly<Record<string, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: "the topic does not exist yet",
  LEADER_NOT_AVAILABLE: "the partition has no leader",
  NOT_LEADER_OR_FOLLOWER: "another broker leads the partition now",
  NOT_ENOUGH_REPLICAS: "fewer replicas are in sync than min.insync.replicas asks for",
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: "fewer replicas are in sync than min.insync.replicas asks for",
  COORDINATOR_NOT_AVAILABLE: "the coordinator is not there yet",
  COORDINATOR_LOAD_IN_PROGRESS: "the coordinator is starting",
  CONCURRENT_TRANSACTIONS: "the transaction before has not ended",
  UNSTABLE_OFFSET_COMMIT: "a transaction that commits an offset has not ended",
  MESSAGE_TOO_LARGE: "a record is larger than max.message.bytes of its topic",
  REQUEST_TIMED_OUT: "the broker took too long",
};

/** What heals by itself, as brokers come, go and change roles: the same request may be made again. */
const passing: ReadonlySet<string> = new Set([
  "UNKNOWN_TOPIC_OR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_OR_FOLLOWER",
  "REQUEST_TIMED_OUT",
  "BROKER_NOT_AVAILABLE",
  "REPLICA_NOT_AVAILABLE",
  "NETWORK_EXCEPTION",
  "COORDINATOR_LOAD_IN_PROGRESS",
  "COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR",
  "NOT_ENOUGH_REPLICAS",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "CONCURRENT_TRANSACTIONS",
  "KAFKA_STORAGE_ERROR",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "OFFSET_NOT_AVAILABLE",
  "UNSTABLE_OFFSET_COMMIT",
]);

export function isPassing(type: string): boolean {
  return passing.has(type);
}
