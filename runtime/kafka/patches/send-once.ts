import type { Patch } from "./patch.ts";

/**
 * A send to partitions on several brokers, of which one fails, was tried again while the others were still at work, and
 * with new sequence numbers: the broker took the same records twice, within one transaction. And when a partition moved
 * to a broker that had already answered for another one, its records were never sent. Now every request is waited for,
 * and what is sent again is exactly what nobody has acknowledged, wherever its partition is led by then.
 */
export const sendOnce: Patch = {
  module: "src/producer/sendMessages.js",
  upstream: ["https://github.com/tulios/kafkajs/issues/22", "https://github.com/tulios/kafkajs/pull/1798"],
  edits: [
    {
      find: "const responsePerBroker = new Map()",
      replace: "const responsePerBroker = new Map(), responses = [], unsent = new Map()",
    },
    {
      find: "const topicMetadata = new Map()",
      replace: "const topicMetadata = new Map()\n      responsePerBroker.clear()",
    },
    {
      find: `const messagesPerPartition = groupMessagesPerPartition({
          topic,
          partitionMetadata,
          messages,
          partitioner,
        })`,
      replace: `if (!unsent.has(topic)) {
          unsent.set(topic, groupMessagesPerPartition({ topic, partitionMetadata, messages, partitioner }))
        }
        const messagesPerPartition = unsent.get(topic)`,
    },
    {
      find: "responsePerBroker.set(broker, formattedResponse)",
      replace: `responses.push(...formattedResponse)
          for (const { topic, partitions } of topicData) {
            for (const { partition } of partitions) delete unsent.get(topic)[partition]
          }`,
    },
    {
      find: "await Promise.all(requests)",
      // One that may succeed when it is tried again comes before one that may not.
      replace: `const failures = (await Promise.allSettled(requests)).filter(({ status }) => status === 'rejected')
        const failed = failures.find(({ reason }) => reason.retriable !== false) || failures[0]
        if (failed) throw failed.reason`,
    },
    // The message of a prepared batch stands for as many as it holds.
    {
      find: "eosManager.updateSequence(topic, entry.partition, entry.messages.length)",
      replace: `entry.count = entry.messages.reduce((count, { encoded }) => count + (encoded ? encoded.count : 1), 0)
              eosManager.updateSequence(topic, entry.partition, entry.count)`,
    },
    { find: "-entry.messages.length", replace: "-entry.count" },
    { find: "return Array.from(responsePerBroker.values()).flat()", replace: "return responses" },
  ],
};
