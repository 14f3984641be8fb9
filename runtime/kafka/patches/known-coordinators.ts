import type { Patch } from "./patch.ts";

/**
 * Of the nine requests that a transaction took, four asked who coordinates it and its group, as if nobody had told. Now
 * that is asked once, and again when the coordinator is away or answers with any error but "not yet".
 */
export const knownCoordinators: Patch = {
  module: "src/producer/eosManager/index.js",
  upstream: [], // not reported there
  edits: [
    { find: "cluster.findGroupCoordinator(", replace: "coordinatorOf(" },
    {
      find: "  const findTransactionCoordinator = () => {",
      replace: `  const coordinators = new Map()
  const forgottenOnError = broker =>
    Object.fromEntries(
      ['initProducerId', 'addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn'].map(name => [
        name,
        request =>
          broker[name](request).catch(error => {
            if (error.type !== 'CONCURRENT_TRANSACTIONS') coordinators.clear()
            throw error
          }),
      ])
    )
  const coordinatorOf = async ({ groupId, coordinatorType }) => {
    const key = coordinatorType + groupId
    const known = coordinators.get(key)
    if (known && known.broker.isConnected()) return known.use
    const broker = await cluster.findGroupCoordinator({ groupId, coordinatorType })
    const use = forgottenOnError(broker)
    coordinators.set(key, { broker, use })
    return use
  }

  const findTransactionCoordinator = () => {`,
    },
  ],
};
