import { type Change, textOf } from "./change.ts";
import { type DeclaredPipeline, type Facts, hasBroker } from "./declared-pipeline.ts";
import { and, count } from "./phrases.ts";

/** Kafka moves no replica by itself. */
const shareText = ": its broker gets a share of new topics and replicas; existing replicas stay on the other brokers";

/** Hosts that come, go, or are reached elsewhere. */
export function hostImpact(
  before: DeclaredPipeline | undefined,
  after: DeclaredPipeline,
  gone: readonly string[],
  { held }: Pick<Facts, "held">,
): string[] {
  const old = before?.hosts ?? {};
  const came = before === undefined ? [] : Object.keys(after.hosts).filter((host) => !(host in old));
  const left = [...new Set([...gone, ...Object.keys(old)])].filter((host) => !(host in after.hosts));
  const data = before?.keepData ? "its data are kept" : "its data are wiped";
  return [
    ...came.map((host) => `${host} (${after.hosts[host]}) joins the cluster${hasBroker(after, host) ? shareText : ""}`),
    ...[...held].flatMap(([host, topics]) =>
      topics.length === 0
        ? []
        : [
            `the replicas of ${count(topics.length, "topic")} on the broker of ${host} are first moved to the other brokers`,
          ],
    ),
    ...left.map(
      (host) => `${host} leaves the cluster: everything that bramble installed on it is removed, and ${data}`,
    ),
    ...Object.entries(after.hosts)
      .filter(([host, address]) => old[host] !== undefined && old[host] !== address)
      .map(([host, address]) => `${host} has a new address, ${address} (was ${old[host]}): everything on it stays`),
  ];
}

/** What is done on hosts that no other sentence tells, by what is done: "unpack kafka 3.9.2 into /opt/kafka on rpi1". */
export function stepImpact(changes: readonly Change[]): string[] {
  const steps = changes.flatMap((change) => change.steps.map((does) => ({ does, host: textOf(change, "host") })));
  const hosts = Map.groupBy(steps, ({ does }) => does);
  return [...hosts].map(([does, on]) => `${does} on ${and([...new Set(on.map(({ host }) => host))].sort())}`);
}
