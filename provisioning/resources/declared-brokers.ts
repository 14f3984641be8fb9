import { HostFault } from "../ssh/host-fault.ts";
import type { ResourceType, Session } from "./resource-type.ts";

export interface DeclaredBrokersArgs {
  /** Addresses of the brokers by host. */
  readonly brokers: Readonly<Record<string, string>>;
}

/**
 * The list of the cluster's brokers. It stands guard as the list of topics does: a broker that leaves it, and still has
 * replicas, is refused in preview, and before anything is put on any host.
 */
export const declaredBrokers: ResourceType<DeclaredBrokersArgs, DeclaredBrokersArgs> = {
  token: "bramble:kafka:DeclaredBrokers",
  replaceOn: [],
  deleteBeforeReplace: false,
  local: [],
  id: () => "declared-brokers",
  observe: async (_session, args) => args,
  foresee: (session, want, _have, _owned, recorded) => guard(session, want, recorded),
  async apply(session, want, _have, _owned, recorded) {
    await guard(session, want, recorded);
    return want;
  },
  steps: () => [],
  async remove() {},
};

/** How many topics a sentence names. */
const namedAtMost = 3;

async function guard(session: Session, want: DeclaredBrokersArgs, recorded: DeclaredBrokersArgs | undefined) {
  const leaving = Object.entries(recorded?.brokers ?? {}).filter(([host]) => !(host in want.brokers));
  if (leaving.length === 0) return;
  const topics = await session.topics();
  const held = await Promise.all(
    leaving.map(async ([host, address]) => ({ host, address, topics: await topics.heldBy(address) })),
  );
  const faults = held.flatMap(({ host, address, topics }) =>
    topics.length === 0
      ? []
      : [
          new HostFault(
            { host, address },
            {
              found: `replicas of ${topics.length} topics on its broker (${topics.slice(0, namedAtMost).join(", ")}${topics.length > namedAtMost ? ", ..." : ""})`,
              wanted: "none on a broker that is taken out",
              next: `Leave ${host} in the file, move them to the other brokers (\`kafka-reassign-partitions.sh\`; README, "Taking out a Pi"), then take it out.`,
            },
          ),
        ],
  );
  if (faults.length > 0) throw new AggregateError(faults, faults.map(({ message }) => message).join("\n"));
}
