import { askBroker } from "./ask-broker.ts";
import { int32, noTags } from "./primitive-types.ts";

/**
 * Takes a broker that is gone for good out of what a cluster with KRaft knows: it would stay there as one that is away.
 * Kafka protocol guide, UnregisterBroker version 0, with request header v2; any broker passes it on to the controller.
 */
export function unregisterBroker(server: string, id: number): Promise<void> {
  return askBroker(server, `unregister broker ${id}`, {
    apiKey: 64,
    apiVersion: 0,
    body: Buffer.concat([noTags, int32(id), noTags]),
    read(answer) {
      answer.tags(); // of the header
      answer.int32(); // throttle time
      const error = answer.int16();
      if (error !== 0 && error !== unknownBroker) throw new Error(`Kafka's error ${error}`);
    },
  });
}

/** BROKER_ID_NOT_REGISTERED: gone already. */
const unknownBroker = 102;
