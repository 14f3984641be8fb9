import { type Finding, type Path, shown, wrongKey, wrongValue } from "../diagnostic.ts";
import type { Draft } from "../draft.ts";
import { kafkaSeries } from "../kafka-versions.ts";
import { HOST_NAME } from "../names.ts";
import { didYouMean } from "../suggest.ts";

/** Broker settings that follow from the rest of the declaration, with the reason why they cannot be set apart from it. */
const MANAGED: Readonly<Record<string, string>> = {
  "broker.id": "a host's broker id is its id, or its place, under cluster/hosts",
  "node.id": "a host's broker id is its id, or its place, under cluster/hosts",
  "broker.id.generation.enable": "a host's broker id is its id, or its place, under cluster/hosts",
  listeners: "every broker listens on port 9092 of its host",
  "advertised.listeners": "every broker is advertised under its address in cluster/hosts",
  "listener.security.protocol.map": "every broker listens on port 9092 of its host",
  "inter.broker.listener.name": "every broker listens on port 9092 of its host",
  "log.dir": "records are kept in /var/lib/kafka, which outlives a reboot",
  "log.dirs": "records are kept in /var/lib/kafka, which outlives a reboot",
  "zookeeper.connect": "it names the whole ensemble, so that the brokers form one cluster",
  "process.roles": "which hosts are controllers stands under cluster/kraft",
  "controller.quorum.voters": "which hosts are controllers stands under cluster/kraft",
  "controller.quorum.bootstrap.servers": "which hosts are controllers stands under cluster/kraft",
  "controller.listener.names": "every controller listens on port 9093 of its host",
  "metadata.log.dir": "metadata are kept in /var/lib/kafka, which outlives a reboot",
};

/** What is wrong with the hosts and with where the daemons are placed on them. */
export function hostFindings(draft: Draft): Finding[] {
  return [
    ...names(draft),
    ...addresses(draft),
    ...ids(draft),
    ...placement(draft),
    ...modes(draft),
    ...settings(draft),
  ];
}

/** What is wrong with a reference to a host; undefined when it is declared. */
export function unknownHost(draft: Draft, host: string): string | undefined {
  if (draft.hosts.size === 0 || draft.hosts.has(host)) return undefined;
  const declared = [...draft.hosts.keys()];
  return `there is no host ${shown(host)}; cluster/hosts has ${declared.join(", ")}${didYouMean(host, declared)}`;
}

function names({ hosts }: Draft): Finding[] {
  const rule = "it needs letters, digits and inner dashes, at most 63 characters";
  return [...hosts.keys()]
    .filter((host) => !HOST_NAME.test(host))
    .map((host) => wrongKey(["cluster", "hosts", host], `${shown(host)} is not a valid host name: ${rule}`));
}

function addresses({ hosts }: Draft): Finding[] {
  const owner = new Map<unknown, string>();
  const findings: Finding[] = [];
  for (const [host, { address }] of hosts) {
    const other = owner.get(address);
    if (other === undefined) owner.set(address, host);
    else if (typeof address === "string") {
      const message = `${shown(address)} is already the address of ${other}; give each host its own`;
      findings.push(wrongValue(["cluster", "hosts", host], message));
    }
  }
  return findings;
}

/** Two hosts of one id: one may have it by its place, which the other's own id took. */
function ids({ hosts }: Draft): Finding[] {
  const owner = new Map<unknown, string>();
  return [...hosts].flatMap(([host, { id }], place) => {
    const own = id ?? place;
    const other = owner.get(own);
    owner.set(own, other ?? host);
    if (other === undefined) return [];
    const cause = id === undefined ? `by its position in the list ${host} would get` : `${host} asks for`;
    const message = `${cause} broker id ${own}, which ${other} has; give each host an \`id\` of its own`;
    return [wrongValue(["cluster", "hosts", host, ...(id === undefined ? [] : ["id"])], message)];
  });
}

function placement(draft: Draft): Finding[] {
  return [
    ...hostList(draft, ["cluster", "kafka", "brokers"], draft.brokers ?? []),
    ...electorate(draft, ["cluster", "zookeeper", "voters"], draft.voters ?? []),
    ...electorate(draft, ["cluster", "kraft", "controllers"], draft.controllers ?? []),
  ];
}

function electorate(draft: Draft, path: Path, hosts: readonly string[]): Finding[] {
  const findings = hostList(draft, path, hosts);
  if (hosts.length > 0 && hosts.length % 2 === 0) {
    const why = "an even number survives no more failures than one fewer";
    findings.push(wrongValue(path, `expected an odd number of ${path.at(-1)}, found ${hosts.length}; ${why}`));
  }
  return findings;
}

function modes({ modes: [first = "zookeeper", second], version }: Draft): Finding[] {
  if (second !== undefined) {
    const message = `${second} stands beside ${first}; keep the one that holds the cluster's metadata and remove the other`;
    return [wrongKey(["cluster", second], message)];
  }
  const { fits, expected } = kafkaSeries[first];
  // Another fault of shape says so of what is no version at all.
  if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version) || fits.test(version)) return [];
  return [
    wrongValue(["cluster", "kafka", "version"], `Kafka ${version} does not go with ${first}; expected ${expected}`),
  ];
}

/** What is wrong with a list of hosts. */
export function hostList(draft: Draft, path: Path, hosts: readonly string[]): Finding[] {
  return hosts.flatMap((host, i) => {
    const problem =
      hosts.indexOf(host) < i ? `${shown(host)} is listed twice; list each host once` : unknownHost(draft, host);
    return problem === undefined ? [] : [wrongValue([...path, i], problem)];
  });
}

function settings({ brokerSettings }: Draft): Finding[] {
  return [...brokerSettings.keys()].flatMap((setting) => {
    const reason = Object.hasOwn(MANAGED, setting) ? MANAGED[setting] : undefined;
    if (reason === undefined) return [];
    const message = `bramble manages this setting (${reason}); remove it`;
    return [wrongKey(["cluster", "kafka", "config", setting], message)];
  });
}
