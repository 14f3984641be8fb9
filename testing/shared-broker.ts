import type { KafkaBroker } from "./kafka-broker.ts";

type SharedBroker = Pick<KafkaBroker, "bootstrapServer" | "home">;

const VARIABLE = "BRAMBLE_TEST_BROKER";

/** Tells the processes that this one starts from now on of a broker for all of them. */
export function share({ bootstrapServer, home }: KafkaBroker): void {
  process.env[VARIABLE] = JSON.stringify({ bootstrapServer, home });
}

export function sharedBroker(): SharedBroker {
  const told = process.env[VARIABLE];
  if (told === undefined)
    throw new Error("no broker was started for all test files: this one is not of the tier broker");
  return JSON.parse(told);
}
