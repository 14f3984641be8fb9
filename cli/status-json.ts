import { type Pipeline, topicsOf } from "../declaration/pipeline.ts";
import { serviceUnits } from "../status/declared-units.ts";
import type { Answers, Problem } from "../status/problem.ts";
import type { UnitState } from "../status/unit-state.ts";
import { sourceOf } from "./status-text.ts";

/** The same for scripts; a value that is unknown now is null. */
export function statusJson(pipeline: Pipeline, { hosts, kafka }: Answers, problems: readonly Problem[]): string {
  const unitsOf = (host: string): readonly UnitState[] | null => {
    const answer = hosts.get(host);
    return answer?.kind === "units" ? answer.units : null;
  };
  const status = {
    pipeline: pipeline.name,
    isWell: problems.length === 0,
    hosts: pipeline.cluster.hosts.map(({ name, address }) => ({ name, address, units: unitsOf(name) })),
    services: pipeline.services.map((service) => {
      const found = kafka.services.get(service.name);
      const units = serviceUnits(pipeline).filter((each) => each.service === service.name);
      return {
        name: service.name,
        units: units.map(({ host, unit }) => ({ host, unit })),
        ...(topicsOf(service.input).length === 0 && { source: sourceOf(service) }),
        reads: (found?.reads ?? []).map(({ topic, partition, position = null, end = null, lag }) => ({
          ...{ topic, partition, position, end },
          lag: lag?.records ?? null,
          isLagExact: lag?.isExact ?? null,
        })),
        deadLetters: found?.deadLetters?.records ?? null,
        isDeadLettersExact: found?.deadLetters?.isExact ?? null,
      };
    }),
    problems,
  };
  return JSON.stringify(status, null, 2);
}
