import type { Patch } from "./patch.ts";

/**
 * Of the nine requests that a transaction took, four asked who coordinates it and its group, as if nobody had told. Now
 * that is asked once, and again when the coordinator is away or answers with any error but "not yet".
 *
 * It says so as long as it is still ending the transaction before, a few milliseconds. That is waited for here, of sends and of
 * offsets: kafkajs began the whole send anew, which asks for the metadata of all its topics first, and gave up on offsets.
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
  const patiently = work => async request => {
    const until = Date.now() + 8000
    for (let waitMs = 2; ; waitMs = Math.min(1.5 * waitMs, 100)) {
      try {
        return await work(request)
      } catch (error) {
        if (error.type !== 'CONCURRENT_TRANSACTIONS' || Date.now() > until) throw error
        await new Promise(resolve => setTimeout(resolve, waitMs))
      }
    }
  }
  const coordinatorOf = async ({ groupId, coordinatorType }) => {
    const key = coordinatorType + groupId
    const known = coordinators.get(key)
    if (known && known.broker.isConnected()) return known.use
    const broker = await cluster.findGroupCoordinator({ groupId, coordinatorType })
    const use = forgottenOnError(broker)
    use.addPartitionsToTxn = patiently(use.addPartitionsToTxn)
    use.addOffsetsToTxn = patiently(use.addOffsetsToTxn)
    coordinators.set(key, { broker, use })
    return use
  }

  const findTransactionCoordinator = () => {`,
    },
  ],
};
