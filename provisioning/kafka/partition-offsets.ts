import { askBroker } from "./ask-broker.ts";
import { array, int8, int32, int64, string } from "./primitive-types.ts";

const readCommitted = 1;
/** What Kafka takes in place of a time. */
const times = { earliest: -2, latest: -1 };

/** An offset of each partition, by its key. */
export type Offsets = ReadonlyMap<string, number>;

export function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

/**
 * Where partitions begin, or end for who reads what is committed: before the first transaction that is still open. Asks
 * the broker (`host:port`) that leads them: Kafka protocol guide, ListOffsets version 2. A partition that it does not
 * lead (any more) is left out. Throws when there is no answer.
 */
export function partitionOffsets(
  leader: string,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
  which: keyof typeof times,
): Promise<Offsets> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, its]) =>
    Buffer.concat([
      string(topic),
      array(its.map(({ partition }) => Buffer.concat([int32(partition), int64(times[which])]))),
    ]),
  );
  return askBroker(leader, "read the offsets of its partitions", {
    apiKey: 2,
    apiVersion: 2,
    body: Buffer.concat([int32(-1), int8(readCommitted), array(topics)]),
    read(answer) {
      answer.int32(); // throttle time
      const offsets = answer.array(() => {
        const topic = answer.string() ?? "";
        return answer.array(() => {
          const [partition, error] = [answer.int32(), answer.int16()];
          answer.int64(); // timestamp
          const offset = answer.int64();
          return error === 0 ? ([[keyOf({ topic, partition }), offset]] as const) : [];
        });
      });
      return new Map(offsets.flat(2));
    },
  });
}
