import { type HostAddress, HostError } from "../ssh/host-error.ts";
import { probeFailed, sh } from "./host-resource.ts";
import type { Session } from "./resource-type.ts";

/** Where the hosts are that keep something of the cluster, and which of them vote on its metadata. */
export type Members = Readonly<Record<string, { readonly address: string; readonly votes: boolean }>>;

/** What daemons have left on a host. */
export interface HostData {
  /** Id of the cluster that the records are of; undefined when there are none. */
  readonly cluster?: string | undefined;
  readonly zookeeper: boolean;
}

const folders = { kafka: "/var/lib/kafka", zookeeper: "/var/lib/zookeeper" };

/** Prints the cluster of the records and whether ZooKeeper has data, `-` for what is not there. */
export const observeData = sh(
  `c=-; if [ -e "$1/meta.properties" ]; then c=$(sed -n 's/^cluster\\.id=//p' "$1/meta.properties"); fi
z=-; for f in "$2"/version-2/*; do [ ! -e "$f" ] || z=there; done; echo "\${c:-unknown} $z"`,
  folders.kafka,
  folders.zookeeper,
);

/**
 * Data that would meet another cluster than their own. They are kept, or wiped, on all hosts together: a host that was off
 * at a destroy still has its own, and neither its cluster's id nor what its ZooKeeper or controller remembers fit the next.
 */
export async function refuseStaleData(
  session: Session,
  members: Members,
  known: readonly string[] | undefined,
  mode: "zookeeper" | "kraft",
): Promise<void> {
  const joins = Object.keys(members).filter((host) => !known?.includes(host));
  if (joins.length === 0) return;
  const seen = await Promise.all(
    (known === undefined ? Object.keys(members) : joins).map(async (host) => {
      const target = { host, address: members[host]?.address ?? "" };
      return [host, await dataOn(session, target)] as const;
    }),
  );
  const errors = staleData(new Map(seen), members, known !== undefined, mode).map((host) =>
    hostError({ host, address: members[host]?.address ?? "" }, mode),
  );
  if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join("\n"));
}

/**
 * The hosts whose data fit nobody. Whoever joins a living cluster must have none. To a new stack, data are those of a
 * cluster that was kept, when a majority of those who vote have theirs; and all records are then of that one. Pure.
 */
export function staleData(
  data: ReadonlyMap<string, HostData>,
  members: Members,
  lives: boolean,
  mode: "zookeeper" | "kraft",
): string[] {
  const having = [...data].filter(([, { cluster, zookeeper }]) => cluster !== undefined || zookeeper);
  const voters = Object.keys(members).filter((host) => members[host]?.votes);
  const keeps = ({ cluster, zookeeper }: HostData) => (mode === "zookeeper" ? zookeeper : cluster !== undefined);
  const kept = voters.filter((host) => keeps(data.get(host) ?? { zookeeper: false }));
  if (lives || kept.length * 2 <= voters.length) return having.map(([host]) => host);
  const clusters = Map.groupBy(
    having.filter(([, { cluster }]) => cluster !== undefined),
    ([, { cluster }]) => cluster,
  );
  const [, ...strange] = [...clusters.values()].sort((a, b) => b.length - a.length);
  return strange.flat().map(([host]) => host);
}

async function dataOn(session: Session, target: HostAddress): Promise<HostData> {
  const [result] = await (await session.host(target)).observe([observeData]);
  if (result?.exitCode !== 0) throw probeFailed(target, folders.kafka, result);
  const [cluster, zookeeper] = result.stdout.trim().split(" ");
  return { cluster: cluster === "-" ? undefined : cluster, zookeeper: zookeeper !== "-" };
}

function hostError(target: HostAddress, mode: "zookeeper" | "kraft"): HostError {
  const [units, paths] =
    mode === "zookeeper" ? ["kafka zookeeper", `${folders.kafka} ${folders.zookeeper}`] : ["kafka", folders.kafka];
  return new HostError(target, {
    found: `the host has data of another cluster, or of one that was destroyed while the host was off (${paths.replace(" ", ", ")})`,
    expected: "no data, or the data of all hosts together",
    next:
      `If nobody needs the data, run on the host, as root, the script left-on-${target.host}.sh that \`npx bramble forget\` ` +
      `wrote, or \`sudo systemctl disable --now ${units}; sudo rm -rf ${paths}\`.`,
  });
}
