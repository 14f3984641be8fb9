import type { Kafka, OutgoingRecord } from "../../runtime/kafka/kafka.ts";

const refuse = (what: string) => () => Promise.reject(new Error(`${what}: not asked of Kafka here`));

/** Takes what is written, and has an empty changelog. */
export function emptyKafka(written: OutgoingRecord[]): Kafka {
  const inspector = {
    committedOffset: refuse("committedOffset"),
    committed: refuse("committed"),
    earliestOffset: async () => 0n,
    latestOffset: async () => 0n,
    topicId: async () => "1",
    maxRecordBytes: async () => 1_000_000,
    recordAt: async () => undefined,
    retireMembers: refuse("retireMembers"),
    read: refuse("read"),
    readToEnd: async () => 0n,
  };
  return {
    producer: async () => ({
      partitionsOf: () => 1,
      transact: async ({ records }) => {
        written.push(...records);
        return new Map([["changelog", 1n]]);
      },
      close: async () => {},
    }),
    inspect: (work) => work(inspector),
    consume: refuse("consume"),
  };
}
