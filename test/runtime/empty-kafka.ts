import type { Kafka, OutgoingRecord } from "../../kafka/kafka.ts";

const refuse = (what: string) => () => Promise.reject(new Error(`${what}: not asked of Kafka here`));

/** Takes what is written, and has an empty changelog. */
export function emptyKafka(written: OutgoingRecord[]): Kafka {
  const inspector = {
    committed: refuse("committed"),
    endOfEpoch: refuse("endOfEpoch"),
    describe: refuse("describe"),
    earliestOffset: async () => 0n,
    latestOffset: async () => 0n,
    topicId: async () => "1",
    maxRecordBytes: async () => 1_000_000,
    recordAt: async () => undefined,
    damagedBatch: refuse("damagedBatch"),
    retireMembers: refuse("retireMembers"),
    read: refuse("read"),
    readToEnd: async () => ({ offset: 0n }),
  };
  return {
    producer: async () => ({
      partitionsOf: () => 1,
      transact: async ({ records }) => {
        written.push(...records);
        return new Map([["changelog", { offset: 1n }]]);
      },
    }),
    inspect: (work) => work(inspector),
    consume: refuse("consume"),
    close: () => {},
  };
}
