import { afterAll, afterEach } from "@jest/globals";
import { eventually } from "./eventually.ts";
import { type KafkaBroker, type ReachableBroker, reachableBroker, startKafkaBroker } from "./kafka-broker.ts";
import { journals, killServices, type RunningService } from "./running-service.ts";
import { sharedBroker } from "./shared-broker.ts";
import { TopicReader } from "./topic-reader.ts";

interface UsedBroker<B> {
  readonly broker: B;
  readonly reader: TopicReader;
  /** The committed values of a topic, once it has at least so many. */
  readonly outputs: (topic: string, atLeast: number, ...services: RunningService[]) => Promise<(string | null)[]>;
}

/** The one broker that all test files of a run share; `ownName` gives what they call their topics and groups. */
export function useBroker(): UsedBroker<ReachableBroker> {
  const { bootstrapServer, home } = sharedBroker();
  return using(reachableBroker(bootstrapServer, home));
}

/** A broker for this file alone, which may kill it, start a second one or change its settings. To be awaited where a file begins. */
export async function useOwnBroker(): Promise<UsedBroker<KafkaBroker>> {
  const broker = await startKafkaBroker({ unpacked: sharedBroker().home, isShortLived: true });
  const used = using(broker);
  afterAll(() => broker.stop());
  return used;
}

/** Services end with the test that started them. */
function using<B extends ReachableBroker>(broker: B): UsedBroker<B> {
  const reader = new TopicReader(broker.bootstrapServer);
  afterEach(killServices);
  afterAll(() => reader.close());
  return {
    broker,
    reader,
    outputs: async (topic, atLeast, ...services) => {
      let values: (string | null)[] = [];
      await eventually(
        async () => {
          // A broker that is just coming back does not answer yet.
          values = await reader.values(topic).catch(() => []);
          return values.length >= atLeast;
        },
        () => `${topic} has ${values.length} of ${atLeast} values: ${journals(services)()}`,
        60_000,
      );
      return values;
    },
  };
}
