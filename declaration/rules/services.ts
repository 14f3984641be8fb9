import type { Draft, DraftService } from "../draft.ts";
import { type Finding, shown, wrongKey, wrongValue } from "../faults.ts";
import { cycles } from "../graph.ts";
import { SERVICE_NAME } from "../names.ts";
import { didYouMean } from "../suggest.ts";
import { unknownHost } from "./hosts.ts";

/** What is wrong with the services: their names, their places, and how they are joined. */
export function serviceFindings(draft: Draft): Finding[] {
  return [
    ...[...draft.services].flatMap(([name, service]) => [
      ...nameOf(name),
      ...placeOf(draft, name, service),
      ...oneOf(name, service, "from", "source"),
      ...oneOf(name, service, "to", "sink"),
      ...inputOf(draft, name, service),
    ]),
    ...circles(draft),
  ];
}

function nameOf(name: string): Finding[] {
  if (SERVICE_NAME.test(name)) return [];
  const wanted =
    'wanted a letter, then letters, digits, "_" and "-", at most 63; units, topics and folders carry the name';
  return [wrongKey(["services", name], `found ${shown(name)} as the name of a service, ${wanted}`)];
}

function placeOf(draft: Draft, name: string, { on }: DraftService): Finding[] {
  const problem = on === undefined ? undefined : unknownHost(draft, on);
  return problem === undefined ? [] : [wrongValue(["services", name, "on"], problem)];
}

/** A service has one input and one output, each of two kinds. */
function oneOf(name: string, { has }: DraftService, topic: "from" | "to", other: "source" | "sink"): Finding[] {
  if (has.size === 0 || has.has(topic) !== has.has(other)) return [];
  const found = has.has(topic) ? `both ${topic} and ${other}` : `neither ${topic} nor ${other}`;
  return [wrongKey(["services", name], `found ${found}, wanted one of them`)];
}

function inputOf(draft: Draft, name: string, { from }: DraftService): Finding[] {
  const written = [...draft.services.values()].flatMap(({ to }) => to.map(({ topic }) => topic));
  const known = new Set([...draft.topics.keys(), ...written]);
  const wanted = "wanted a topic that a service writes, or one under topics if it is written from outside";
  return from
    .filter(({ topic }) => !known.has(topic))
    .map(({ topic, path }) =>
      wrongValue(["services", name, ...path], `found ${shown(topic)}, ${wanted}${didYouMean(topic, known)}`),
    );
}

function circles(draft: Draft): Finding[] {
  const stages = [...draft.services].map(([name, { from, to }]) => ({
    name,
    from: from.map(({ topic }) => topic),
    to: to.map(({ topic }) => topic),
  }));
  return cycles(stages).map((cycle) => {
    const [first] = cycle;
    const between = cycle.map(({ to }, i) => to.find((topic) => cycle[(i + 1) % cycle.length]?.from.includes(topic)));
    const way = [...cycle.map(({ name }, i) => `${name} -> ${between[i]}`), first?.name].join(" -> ");
    return wrongValue(
      ["services", first?.name ?? "", "from"],
      `found a cycle, ${way}, wanted records to flow one way; let one of them read or write elsewhere`,
    );
  });
}
