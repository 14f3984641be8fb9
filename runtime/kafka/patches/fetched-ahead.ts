import type { Patch } from "./patch.ts";

const upstream = ["https://github.com/tulios/kafkajs/issues/1211", "https://github.com/tulios/kafkajs/issues/683"];

/**
 * What `fetcher.ts`, which is used in place of kafkajs's own, asks of the rest: to fetch while batches are underway. And a
 * broker fills its answer in the order of the request, which was always the same: behind a partition with large batches no
 * other was read before that one had come to its end.
 */
export const fetchedAhead: readonly Patch[] = [
  {
    module: "src/consumer/fetchManager.js",
    upstream,
    edits: [
      { find: "require('./fetcher')", replace: "require('./fetcher').createFetcher" },
      {
        find: `fetch: async nodeId => {
          validateShouldRebalance()
          return fetch(nodeId)`,
        replace: `fetch: async (nodeId, underway) => {
          validateShouldRebalance()
          return fetch(nodeId, underway)`,
      },
    ],
  },
  {
    module: "src/consumer/runner.js",
    upstream,
    edits: [
      { find: "fetch: nodeId => this.fetch(nodeId)", replace: "fetch: (...args) => this.fetch(...args)" },
      { find: "  async fetch(nodeId) {", replace: "  async fetch(nodeId, underway) {" },
      { find: "this.consumerGroup.fetch(nodeId)", replace: "this.consumerGroup.fetch(nodeId, underway)" },
    ],
  },
  {
    module: "src/consumer/consumerGroup.js",
    upstream,
    edits: [
      {
        find: "const { keys } = Object\n",
        replace: `const { keys } = Object
const Long = require('../utils/long')

class FetchedBatch extends Batch {
  constructor(consumerGroup, ...args) {
    super(...args)
    this.consumerGroup = consumerGroup
    this.bytes = this.rawMessages.reduce((sum, { batch }) => sum + (batch ? batch.bytes.length : 0), 0)
    this.isFull = this.bytes >= consumerGroup.maxBytesPerPartition / 2
    const first = this.rawMessages.find(({ batch }) => batch)
    this.memory = first && first.batch.bytes.buffer
    consumerGroup.turns.set(this.topic + '|' + this.partition, ++consumerGroup.turn)
  }

  isNext() {
    const { consumerGroup, topic, partition } = this
    return (
      consumerGroup.assigned().some(each => each.topic === topic && each.partitions.includes(partition)) &&
      !consumerGroup.seekOffset.has(topic, partition) &&
      consumerGroup.offsetManager.nextOffset(topic, partition).toString() === this.fetchedOffset
    )
  }
}
`,
      },
      {
        find: "  async fetch(nodeId) {\n    try {",
        replace: `  async fetch(nodeId, underway) {
    const underwayOf = (topic, partition) => underway.filter(each => each.topic === topic && each.partition === partition)
    const isWanted = topic => partition => {
      const [first, ...others] = underwayOf(topic, partition)
      return !first || (first.isFull && others.length === 0 && !this.seekOffset.has(topic, partition))
    }
    const isFree = topic => partition => underwayOf(topic, partition).length === 0
    const those = (topicPartitions, which) =>
      topicPartitions
        .map(({ topic, partitions }) => ({ topic, partitions: partitions.filter(which(topic)) }))
        .filter(({ partitions }) => partitions.length > 0)
    const startOf = (topic, partition) => {
      const [before] = underwayOf(topic, partition)
      return before ? Long.fromValue(before.lastOffset()).add(1) : this.offsetManager.nextOffset(topic, partition)
    }
    try {`,
      },
      {
        find: "      await this.seekOffsets(topicPartitions)\n",
        replace: `      topicPartitions = those(topicPartitions, isWanted)
      await this.seekOffsets(those(topicPartitions, isFree))
      const turnOf = topic => partition => this.turns.get(topic + '|' + partition) || 0
      const firstTurnOf = ({ topic, partitions }) => Math.min(...partitions.map(turnOf(topic)))
      for (const { topic, partitions } of topicPartitions) {
        partitions.sort((a, b) => turnOf(topic)(a) - turnOf(topic)(b))
      }
      topicPartitions.sort((a, b) => firstTurnOf(a) - firstTurnOf(b))
`,
      },
      {
        find: "this.offsetManager.nextOffset(topic, partition).toString()",
        replace: "startOf(topic, partition).toString()",
      },
      {
        find: "        await sleep(this.maxWaitTime)\n        return []",
        replace: "        if (underway.length === 0) await sleep(this.maxWaitTime)\n        return []",
      },
      {
        find: "maxWaitTime: this.maxWaitTime,\n        minBytes",
        replace: "maxWaitTime: underway.length === 0 ? this.maxWaitTime : 0,\n        minBytes",
      },
      {
        find: "              !this.seekOffset.has(topicName, partition) &&\n",
        replace: "              messages.length > 0 &&\n              !this.seekOffset.has(topicName, partition) &&\n",
      },
      {
        find: "            ({ partition }) =>\n              messages",
        replace: "            ({ partition, messages }) =>\n              messages",
      },
      {
        find: "    this.preferredReadReplicasPerTopicPartition = {}\n",
        replace: `    this.preferredReadReplicasPerTopicPartition = {}
    // When each partition was last served.
    this.turns = new Map()
    this.turn = 0
`,
      },
      { find: "return new Batch(topicName", replace: "return new FetchedBatch(this, topicName" },
      {
        find: "      await this.recoverFromFetch(e)\n      return []",
        replace: `      // It will be met again when nothing is underway.
      if (underway.length === 0) await this.recoverFromFetch(e)
      return []`,
      },
    ],
  },
];
