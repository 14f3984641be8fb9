import type { ResourceType } from "./resource-type.ts";
import { type KafkaRelease, upgradeObstacle } from "./upgrade-obstacle.ts";

export interface DeclaredBrokersArgs {
  /** Addresses of the brokers by host. */
  readonly brokers: Readonly<Record<string, string>>;
  /** What they run; absent in the record of a stack from before it was one of the inputs. */
  readonly kafka?: KafkaRelease;
}

/**
 * The list of the cluster's brokers. The engine takes away last what is no longer declared, and knows nothing of
 * records: when a broker leaves this list its replicas are moved to those that stay, before anything else is done. Nor
 * does a single host know which Kafka the others run: what they cannot become together is refused here.
 */
export const declaredBrokers: ResourceType<DeclaredBrokersArgs, DeclaredBrokersArgs> = {
  token: "bramble:kafka:DeclaredBrokers",
  replaceOn: [],
  deleteBeforeReplace: false,
  local: [],
  id: () => "declared-brokers",
  observe: async (_session, args) => args,
  async foresee(_session, want, _have, _owned, recorded) {
    refuseUpgrade(want, recorded);
  },
  async apply(session, want, _have, _owned, recorded) {
    refuseUpgrade(want, recorded);
    for (const [, address] of leavingBrokers(recorded, want)) {
      await (await session.topics()).moveAway(address, session.progress);
    }
    return want;
  },
  steps: () => [],
  async remove() {},
};

function refuseUpgrade(want: DeclaredBrokersArgs, recorded: DeclaredBrokersArgs | undefined): void {
  if (want.kafka === undefined || recorded?.kafka === undefined) return;
  const obstacle = upgradeObstacle(recorded.kafka, want.kafka);
  if (obstacle !== undefined) throw new Error(obstacle);
}

/** Host and address of every broker that is recorded and no longer wanted. */
function leavingBrokers(recorded: DeclaredBrokersArgs | undefined, want: DeclaredBrokersArgs): [string, string][] {
  return Object.entries(recorded?.brokers ?? {}).filter(([host]) => !(host in want.brokers));
}
