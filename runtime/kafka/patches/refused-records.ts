import type { Patch } from "./patch.ts";

/**
 * A broker that refuses some records of a batch says which, and why, since version 8 of the answer to a produce request
 * (KIP-467). kafkajs knows version 7, and of an answer for several partitions it told one error code. Now its error has the
 * whole answer, for `refused-records.ts`.
 */
export const refusedRecords: Patch = {
  module: "src/protocol/requests/produce/index.js",
  upstream: [], // not reported there
  edits: [
    {
      find: "module.exports = {",
      replace: `const Decoder = require('../../decoder')
const { failure, createErrorFromCode } = require('../../error')

const partitionAnswer = decoder => ({
  partition: decoder.readInt32(),
  errorCode: decoder.readInt16(),
  baseOffset: decoder.readInt64().toString(),
  logAppendTime: decoder.readInt64().toString(),
  logStartOffset: decoder.readInt64().toString(),
  recordErrors: decoder.readArray(decoder => ({ index: decoder.readInt32(), message: decoder.readString() })),
  errorMessage: decoder.readString(),
})

versions[8] = args => ({
  request: Object.assign(require('./v7/request')(args), { apiVersion: 8 }),
  response: {
    decode: async rawData => {
      const decoder = new Decoder(rawData)
      const topics = decoder.readArray(decoder => ({
        topicName: decoder.readString(),
        partitions: decoder.readArray(partitionAnswer),
      }))
      return { topics, throttleTime: 0, clientSideThrottleTime: decoder.readInt32() }
    },
    parse: async data => {
      const errors = data.topics
        .flatMap(({ partitions }) => partitions)
        .filter(({ errorCode }) => failure(errorCode))
        .map(({ errorCode }) => createErrorFromCode(errorCode))
      if (errors.length === 0) return data
      // What may go away by itself comes first: what is left is refused again when the rest is written.
      throw Object.assign(errors.find(({ retriable }) => retriable) || errors[0], { answer: data.topics })
    },
  },
})

module.exports = {`,
    },
  ],
};

/**
 * Of a request for several partitions that failed for one of them, the others have been written: their sequence numbers
 * stand. Counted back, the next batch would look like one that was sent twice, and the broker would leave it out.
 */
export const partlyRefused: Patch = {
  module: "src/producer/sendMessages.js",
  upstream: [], // not reported there
  edits: [
    {
      find: "                eosManager.updateSequence(topic, entry.partition, -entry.count)",
      replace: `                const ofTopic = (e.answer || []).find(({ topicName }) => topicName === topic)
                const said = ofTopic && ofTopic.partitions.find(({ partition }) => partition === entry.partition)
                if (said && said.errorCode === 0) {
                  responses.push({ topicName: topic, ...said })
                  delete unsent.get(topic)[entry.partition]
                  return
                }
                if (said) said.messages = entry.messages
                eosManager.updateSequence(topic, entry.partition, -entry.count)`,
    },
  ],
};
