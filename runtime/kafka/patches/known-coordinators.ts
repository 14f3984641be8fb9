import type { Patch } from "./patch.ts";

/**
 * Of the nine requests that a transaction took, four asked who coordinates it and its group, as if nobody had told. Now
 * that is asked once, and again when the coordinator is away or answers with any error but "not yet".
 *
 * A coordinator that has moved to another broker, is just starting there, or still ends the transaction before, has done
 * nothing of what it was asked. As the Java client does (TransactionManager), the request is then made again, to whom it is
 * by then; kafkajs gave up on offsets and on the end of the transaction, and began a send anew, metadata of all its topics
 * first.
 */
export const knownCoordinators: Patch = {
  module: "src/producer/eosManager/index.js",
  upstream: [], // not reported there
  edits: [
    { find: "cluster.findGroupCoordinator(", replace: "coordinatorOf(" },
    {
      find: "  const findTransactionCoordinator = () => {",
      replace: `  const coordinators = new Map()
  const brokerOf = async asked => {
    const key = asked.coordinatorType + asked.groupId
    const known = coordinators.get(key)
    if (known && known.isConnected()) return known
    const broker = await cluster.findGroupCoordinator(asked)
    coordinators.set(key, broker)
    return broker
  }
  const asking = (asked, name) => async request => {
    try {
      const broker = await brokerOf(asked)
      return await broker[name](request)
    } catch (error) {
      if (error.type !== 'CONCURRENT_TRANSACTIONS') coordinators.clear()
      throw error
    }
  }
  const NOT_YET = [
    'CONCURRENT_TRANSACTIONS',
    'NOT_COORDINATOR_FOR_GROUP',
    'GROUP_COORDINATOR_NOT_AVAILABLE',
    'GROUP_LOAD_IN_PROGRESS',
  ]
  const patiently = ask => async request => {
    const until = Date.now() + 8000
    for (let waitMs = 2; ; waitMs = Math.min(1.5 * waitMs, 100)) {
      try {
        return await ask(request)
      } catch (error) {
        if (!NOT_YET.includes(error.type) || Date.now() > until) throw error
        await new Promise(resolve => setTimeout(resolve, waitMs))
      }
    }
  }
  const coordinatorOf = asked => ({
    initProducerId: asking(asked, 'initProducerId'), // kafkajs does wait with this
    addPartitionsToTxn: patiently(asking(asked, 'addPartitionsToTxn')),
    addOffsetsToTxn: patiently(asking(asked, 'addOffsetsToTxn')),
    txnOffsetCommit: patiently(asking(asked, 'txnOffsetCommit')),
    endTxn: patiently(asking(asked, 'endTxn')),
  })

  const findTransactionCoordinator = () => {`,
    },
  ],
};
