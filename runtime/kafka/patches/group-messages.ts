import type { Patch } from "./patch.ts";

/** Copied the list of all messages so far for each message: a send of n messages took n^2 steps, seconds for 20,000. */
export const groupMessages: Patch = {
  module: "src/producer/groupMessagesPerPartition.js",
  upstream: ["https://github.com/tulios/kafkajs/pull/1576"],
  edits: [
    {
      find: `    const current = result[partition] || []
    return Object.assign(result, { [partition]: [...current, message] })`,
      replace: `    if (result[partition]) result[partition].push(message)
    else result[partition] = [message]
    return result`,
    },
  ],
};
