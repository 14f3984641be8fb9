import kafkajs, { type KafkaJSProtocolError } from "kafkajs";

const formingErrors = [
  "INVALID_REPLICATION_FACTOR",
  "NOT_CONTROLLER",
  "LEADER_NOT_AVAILABLE",
  "UNKNOWN_TOPIC_OR_PARTITION",
];

/**
 * What a cluster says while it forms, and while a broker is away: the controller knows fewer brokers than a topic's
 * replicas need, a broker does not know a topic yet, a partition has no leader. kafkajs then refuses every request, as it
 * looks at all partitions first.
 */
export function isForming(error: unknown): boolean {
  return protocolErrors(error).some(({ type }) => formingErrors.includes(type)) || isUnreached(error);
}

/** A broker that went down a moment ago is told of until its session ends; with KRaft any may be told of as the controller. */
function isUnreached(error: unknown): boolean {
  return error instanceof Error && (error instanceof kafkajs.KafkaJSConnectionError || isUnreached(error.cause));
}

/** What the brokers said: kafkajs hides it behind the number of its retries, or in a list with one error a topic. */
export function protocolErrors(error: unknown): KafkaJSProtocolError[] {
  if (error instanceof kafkajs.KafkaJSProtocolError) return [error];
  if (!(error instanceof Error)) return [];
  return "errors" in error ? (error.errors as unknown[]).flatMap(protocolErrors) : protocolErrors(error.cause);
}
