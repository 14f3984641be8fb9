import { type KafkaBroker, startKafkaBroker } from "../testing/kafka-broker.ts";
import { share } from "../testing/shared-broker.ts";

/** What broker.teardown.ts stops: the two modules have only this in common. */
declare global {
  var brokerOfAllTests: KafkaBroker;
}

/** Starts the broker that all test files of the tier broker share. */
export default async function setUp(): Promise<void> {
  globalThis.brokerOfAllTests = await startKafkaBroker();
  share(globalThis.brokerOfAllTests);
}
