import type { Pipeline } from "../declaration/pipeline.ts";
import { keyOf } from "../provisioning/kafka/partition-offsets.ts";
import { serviceUnits } from "./declared-units.ts";
import type { Answers, Journal, Trouble } from "./troubles.ts";
import { isActive } from "./unit-state.ts";
import { amount, type Waiting } from "./waiting.ts";

/** Services that run, have something to read, and do not move; of those that do not run the units tell. Pure. */
export function serviceTroubles(pipeline: Pipeline, { hosts, kafka }: Answers, journal: Journal): Trouble[] {
  return pipeline.services.flatMap(({ name }) => {
    const units = serviceUnits(pipeline).filter(({ service }) => service === name);
    if (!units.every(({ host, unit }) => isActive(hosts.get(host), unit))) return [];
    const still = (kafka.services.get(name)?.reads ?? []).filter(({ isStill }) => isStill);
    return still.map((place) => ({
      what: `${name} does not move on: it stands at ${keyOf(place)}@${place.position}, and ${waits(place.waiting)}.`,
      next: units.map(({ host, unit }) => journal(host, unit)).join("\n"),
    }));
  });
}

function waits(waiting: Waiting = { records: 0, isExact: true }): string {
  return `${amount(waiting)} ${waiting.records === 1 ? "record waits" : "records wait"}`;
}
