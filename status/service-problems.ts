import type { Pipeline } from "../declaration/pipeline.ts";
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
    return stalled.map((lag) => ({
      code: "service-stalled",
      what: `${name} makes no progress: it is at ${keyOf(lag)}@${lag.position}, and ${lagText(lag.lag)}.`,
      next: units.map(({ host, unit }) => journal(host, unit)).join("\n"),
    }));
  });
}

function lagText(lag: RecordCount = { records: 0, isExact: true }): string {
  return `${amount(lag)} ${lag.records === 1 ? "record waits" : "records wait"}`;
}
