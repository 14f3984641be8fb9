import { type Pipeline, topicsOf } from "../declaration/pipeline.ts";
import { serviceUnits } from "../status/declared-units.ts";
import type { Answers, Trouble } from "../status/troubles.ts";
import type { UnitState } from "../status/unit-state.ts";
import { sourceOf } from "./status-words.ts";

/** The same for scripts; what cannot be told now is null. */
export function statusJson(pipeline: Pipeline, { hosts, kafka }: Answers, troubles: readonly Trouble[]): string {
  const unitsOf = (host: string): readonly UnitState[] | null => {
    const answer = hosts.get(host);
    return answer !== undefined && "units" in answer ? answer.units : null;
  };
  const status = {
    pipeline: pipeline.name,
    isWell: troubles.length === 0,
    hosts: pipeline.cluster.hosts.map(({ name, address }) => ({ name, address, units: unitsOf(name) })),
    services: pipeline.services.map((service) => {
      const place = kafka.services.get(service.name);
      const units = serviceUnits(pipeline).filter((each) => each.service === service.name);
      return {
        name: service.name,
        units: units.map(({ host, unit }) => ({ host, unit })),
        ...(topicsOf(service.input).length === 0 && { source: sourceOf(service) }),
        reads: (place?.reads ?? []).map(({ topic, partition, position = null, end = null, waiting }) => ({
          ...{ topic, partition, position, end },
          lag: waiting?.records ?? null,
          isLagExact: waiting?.isExact ?? null,
        })),
        deadLetters: place?.letters?.records ?? null,
        isDeadLettersExact: place?.letters?.isExact ?? null,
      };
    }),
    troubles,
  };
  return JSON.stringify(status, null, 2);
}
