import type { Pipeline } from "../declaration/pipeline.ts";
import type { TopicPartition } from "../kafka/kafka.ts";
import type { ClusterMetadata } from "../provisioning/kafka/cluster-metadata.ts";
import { keyOf } from "../provisioning/kafka/partition-offsets.ts";
import type { RecordCount } from "../runtime/record-count.ts";
import { serviceUnits } from "./declared-units.ts";
import { amount } from "./lag.ts";
import type { Answers, Journal, Problem } from "./problem.ts";
import { isActive } from "./unit-state.ts";

/** Services that run, have something to read, and do not move; of those that do not run the units tell. Pure. */
export function serviceProblems(pipeline: Pipeline, { hosts, kafka }: Answers, journal: Journal): Problem[] {
  return pipeline.services.flatMap(({ name }) => {
    const units = serviceUnits(pipeline).filter(({ service }) => service === name);
    if (!units.every(({ host, unit }) => isActive(hosts.get(host), unit))) return [];
    const stalled = (kafka.services.get(name)?.reads ?? []).filter(({ isStalled }) => isStalled);
    return stalled.map((lag): Problem => {
      if (lag.damage !== undefined) return damagedProblem(pipeline, name, lag, kafka.cluster, lag.damage);
      return {
        code: "service-stalled",
        what: `${name} makes no progress: it is at ${keyOf(lag)}@${lag.position}, and ${lagText(lag.lag)}.`,
        next: units.map(({ host, unit }) => journal(host, unit)).join("\n"),
      };
    });
  });
}

function damagedProblem(
  { cluster: { hosts } }: Pipeline,
  name: string,
  at: TopicPartition,
  cluster: ClusterMetadata | undefined,
  damage: string,
): Problem {
  const { leader, replicas = [] } = cluster?.partitions.find((each) => keyOf(each) === keyOf(at)) ?? {};
  const host = hosts.find(({ id }) => id === leader)?.name;
  const isCopied = replicas.length > 1 && host !== undefined;
  const other = `Another replica may be sound: \`sudo systemctl restart kafka\` on ${host} makes another broker lead. `;
  return {
    code: "batch-damaged",
    what: `${name} waits at ${keyOf(at)}: ${damage}.`,
    next: `${isCopied ? other : ""}\`npx bramble skip ${name}\` passes over these offsets and keeps the state.`,
  };
}

function lagText(lag: RecordCount = { records: 0, isExact: true }): string {
  return `${amount(lag)} ${lag.records === 1 ? "record waits" : "records wait"}`;
}
