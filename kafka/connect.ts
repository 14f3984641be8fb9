import { Cluster } from "./cluster.ts";
import { consume } from "./consumer.ts";
import type { KafkaEndpoint } from "./endpoint.ts";
import { inspectorOf } from "./inspector.ts";
import type { Kafka } from "./kafka.ts";
import { type CommitOffset, openIdempotentProducer, openTransactionalProducer } from "./producer.ts";

export interface KafkaOptions {
  readonly endpoint: KafkaEndpoint;
  /** Names this service on this host, and no other process: what a group has of it after a crash is not waited for. */
  readonly clientId: string;
  readonly processingGuarantee: "exactly_once" | "at_least_once";
  /** Where it goes what the client met and got over by itself. */
  readonly onComplaint: (message: string) => void;
}

/** Opens no connection yet: each is opened, and opened again, when it is needed. */
export function connectKafka(options: KafkaOptions): Kafka {
  return kafkaOn(new Cluster(options), options);
}

/** The same on connections that others use too. */
export function kafkaOn(
  cluster: Cluster,
  { clientId, processingGuarantee, onComplaint }: Omit<KafkaOptions, "endpoint">,
): Kafka {
  const inspector = inspectorOf(cluster);
  // A position is committed by the member that consumes, so that one that is a member no more is refused.
  let commitOffset: CommitOffset = ({ groupId }) => Promise.reject(new Error(`${groupId}: not consuming`));
  return {
    producer: (options) =>
      processingGuarantee === "exactly_once"
        ? openTransactionalProducer(cluster, options)
        : openIdempotentProducer(cluster, options, (consumed) => commitOffset(consumed)),
    consume: async (subscription) => {
      await inspector.retireMembers(subscription.groupId, clientId);
      const onCommitter = (commit: CommitOffset) => {
        commitOffset = commit;
      };
      return consume({ cluster, subscription, onCommitter, onComplaint });
    },
    inspect: (work) => work(inspector),
    close: () => cluster.close(),
  };
}
