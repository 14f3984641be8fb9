import type { Patch } from "./patch.ts";

/**
 * A client that has no topic in mind yet, as a producer that only begins, asked for all that there are, and took no answer
 * as long as one partition of any of them had no leader: while one host was away, no service could start on the others. Now
 * it asks for none then, which tells it the brokers, all that it needs.
 */
export const ownTopics: Patch = {
  module: "src/protocol/requests/metadata/v4/request.js",
  upstream: ["https://github.com/tulios/kafkajs/issues/1460", "https://github.com/tulios/kafkajs/issues/1520"],
  edits: [{ find: "writeNullableArray(topics)", replace: "writeArray(topics)" }],
};
