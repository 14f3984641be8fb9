import { afterAll, afterEach } from "@jest/globals";
import { eventually } from "./eventually.ts";
import { type KafkaBroker, startKafkaBroker } from "./kafka-broker.ts";
import { journals, killServices, type RunningService } from "./running-service.ts";
import { TopicReader } from "./topic-reader.ts";

interface UsedBroker {
  readonly broker: KafkaBroker;
  readonly reader: TopicReader;
  /** The committed values of a topic, once it has at least so many. */
  readonly outputs: (topic: string, atLeast: number, ...services: RunningService[]) => Promise<(string | null)[]>;
}

/**
 * Starts one broker for all tests of a file and stops it after them; services end with the test that started them. To be
 * awaited where a file begins.
 */
export async function useBroker(): Promise<UsedBroker> {
  const broker = await startKafkaBroker();
  const reader = new TopicReader(broker.bootstrapServer);
  afterEach(killServices);
  afterAll(async () => {
    reader.close();
    await broker.stop();
  });
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
