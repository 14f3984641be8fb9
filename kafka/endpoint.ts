/** How a Kafka cluster is reached. */
export interface KafkaEndpoint {
  /** Some of its brokers, each `host:port`; they tell of the others. */
  readonly addresses: readonly string[];
}
