import type { HostAddress } from "../ssh/host-error.ts";
import { execute } from "./execute.ts";
import type { ResourceType, Session } from "./resource-type.ts";
import { type Members, refuseStaleData } from "./stale-data.ts";
import { stopUnit } from "./unit.ts";
import { type KafkaRelease, upgradeObstacle } from "./upgrade-obstacle.ts";

export interface DeclaredBrokersArgs {
  /** Addresses of the brokers by host. */
  readonly brokers: Readonly<Record<string, string>>;
  /** What they run; absent in the record of a stack from before it was one of the inputs. */
  readonly kafka?: KafkaRelease;
  /** All hosts that keep something of the cluster; absent as above. */
  readonly members?: Members;
}

/**
 * The list of the cluster's brokers. The engine takes away last what is no longer declared, and knows nothing of
 * records: when a broker leaves this list its replicas are moved to those that stay, before anything else is done. Nor
 * does a single host know what the others run, or have: what cannot be one cluster is refused here.
 */
export const declaredBrokers: ResourceType<DeclaredBrokersArgs, DeclaredBrokersArgs> = {
  token: "bramble:kafka:DeclaredBrokers",
  replaceOn: [],
  deleteBeforeReplace: false,
  local: [],
  id: () => "declared-brokers",
  observe: async (_session, args) => args,
  async validate(session, want, _have, _owned, recorded) {
    await refuse(session, want, recorded);
  },
  async apply(session, want, _have, _owned, recorded) {
    await refuse(session, want, recorded);
    for (const target of leavingBrokers(recorded, want)) {
      const topics = await session.topics();
      const id = await topics.moveAway(target.address, session.progress);
      if (id === undefined || !isKRaft(want)) continue;
      await execute(session, target, [stopUnit("kafka.service")]);
      await topics.unregister(id);
    }
    return want;
  },
  steps: () => [],
  async remove() {},
};

async function refuse(
  session: Session,
  want: DeclaredBrokersArgs,
  recorded: DeclaredBrokersArgs | undefined,
): Promise<void> {
  const { kafka, members = {} } = want;
  const obstacle = kafka && recorded?.kafka && upgradeObstacle(recorded.kafka, kafka);
  if (obstacle !== undefined) throw new Error(obstacle);
  const known = recorded && Object.keys({ ...recorded.brokers, ...recorded.members });
  await refuseStaleData(session, members, known, isKRaft(want) ? "kraft" : "zookeeper");
}

/** Where every broker is that is recorded and no longer wanted. */
function leavingBrokers(recorded: DeclaredBrokersArgs | undefined, want: DeclaredBrokersArgs): HostAddress[] {
  return Object.entries(recorded?.brokers ?? {}).flatMap(([host, address]) =>
    host in want.brokers ? [] : [{ host, address }],
  );
}

/** There a broker that has gone is kept in mind until somebody says that it will not be back. */
function isKRaft({ kafka }: DeclaredBrokersArgs): boolean {
  return kafka !== undefined && kafka.protocol === undefined;
}
