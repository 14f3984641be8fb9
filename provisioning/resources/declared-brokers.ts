import type { ResourceType } from "./resource-type.ts";

export interface DeclaredBrokersArgs {
  /** Addresses of the brokers by host. */
  readonly brokers: Readonly<Record<string, string>>;
}

/**
 * The list of the cluster's brokers. The engine takes away last what is no longer declared, and knows nothing of
 * records: when a broker leaves this list its replicas are moved to those that stay, before anything else is done.
 */
export const declaredBrokers: ResourceType<DeclaredBrokersArgs, DeclaredBrokersArgs> = {
  token: "bramble:kafka:DeclaredBrokers",
  replaceOn: [],
  deleteBeforeReplace: false,
  local: [],
  id: () => "declared-brokers",
  observe: async (_session, args) => args,
  async foresee() {},
  async apply(session, want, _have, _owned, recorded) {
    for (const [, address] of leavingBrokers(recorded, want)) {
      await (await session.topics()).moveAway(address, session.progress);
    }
    return want;
  },
  steps: () => [],
  async remove() {},
};

/** Host and address of every broker that is recorded and no longer wanted. */
function leavingBrokers(recorded: DeclaredBrokersArgs | undefined, want: DeclaredBrokersArgs): [string, string][] {
  return Object.entries(recorded?.brokers ?? {}).filter(([host]) => !(host in want.brokers));
}
