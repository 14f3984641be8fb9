import type { Kafka, RecordProducerOptions, Transaction, Written } from "../kafka/kafka.ts";

/**
 * A client whose transactions pass through `around`, which may see what each holds and what comes of it.
 * @param around is given what carries the transaction out
 */
export function aroundTransact(
  kafka: Kafka,
  around: (
    transact: () => Promise<Written>,
    transaction: Transaction,
    options: RecordProducerOptions,
  ) => Promise<Written>,
): Kafka {
  return {
    ...kafka,
    producer: async (options) => {
      const producer = await kafka.producer(options);
      return {
        ...producer,
        transact: (transaction) => around(() => producer.transact(transaction), transaction, options),
      };
    },
  };
}
