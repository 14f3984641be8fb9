import { type Finding, type Path, shown, wrongKey, wrongValue } from "../diagnostic.ts";
import type { Draft, DraftService } from "../draft.ts";
import { cycles } from "../graph.ts";
import { SERVICE_NAME } from "../names.ts";
import { didYouMean } from "../suggest.ts";
import { hostList, unknownHost } from "./hosts.ts";

/** What is wrong with the services: their names, their places, and how they are joined. */
export function serviceFindings(draft: Draft): Finding[] {
  return [
    ...[...draft.services].flatMap(([name, service]) => [
      ...nameOf(name),
      ...placementOf(draft, name, service),
      ...replicasOf(draft, name, service),
      ...oneOf(name, service, "from", "source"),
      ...oneOf(name, service, "to", "sink"),
      ...inputOf(draft, name, service),
    ]),
    ...circles(draft),
  ];
}

function nameOf(name: string): Finding[] {
  if (SERVICE_NAME.test(name)) return [];
  const rule =
    'it needs a letter, then letters, digits, "_" and "-", at most 63 characters, as units, topics and folders carry it';
  return [wrongKey(["services", name], `${shown(name)} is not a valid service name: ${rule}`)];
}

function placementOf(draft: Draft, name: string, { on }: DraftService): Finding[] {
  const path: Path = ["services", name, "on"];
  if (typeof on === "object") return hostList(draft, path, on);
  const problem = on === undefined ? undefined : unknownHost(draft, on);
  return problem === undefined ? [] : [wrongValue(path, problem)];
}

/** Each replica is a member of a consumer group, and a member without a partition would only wait. */
function replicasOf(draft: Draft, name: string, { on, replicas, has, from }: DraftService): Finding[] {
  const hosts = typeof on === "object" ? on.length : 1;
  const count = replicas ?? hosts;
  const found = replicas === undefined ? `${count} hosts, with a replica on each` : `${count} replicas`;
  const path: Path = ["services", name, replicas === undefined ? "on" : "replicas"];
  if (has.has("source")) {
    return count > 1 ? [wrongValue(path, `${found}; a source has no partitions to share, so use 1`)] : [];
  }
  const partitions = Math.max(...from.map(({ topic }) => draft.topics.get(topic)?.partitions ?? 1));
  if (from.length === 0 || count <= partitions) return [];
  const topics = from.map(({ topic }) => topic).join(" and ");
  const expected = `expected at most ${partitions}, the number of partitions of ${topics}, as more would have nothing to read`;
  return [wrongValue(path, `${found}; ${expected}`)];
}

/** A service has one input and one output, each of two kinds. */
function oneOf(name: string, { has }: DraftService, topic: "from" | "to", other: "source" | "sink"): Finding[] {
  if (has.size === 0 || has.has(topic) !== has.has(other)) return [];
  const found = has.has(topic) ? "both" : "neither";
  return [wrongKey(["services", name], `expected either ${topic} or ${other}, found ${found}`)];
}

function inputOf(draft: Draft, name: string, { from }: DraftService): Finding[] {
  const written = [...draft.services.values()].flatMap(({ to }) => to.map(({ topic }) => topic));
  const known = new Set([...draft.topics.keys(), ...written]);
  const next = "add it under topics if it is written from outside";
  return from
    .filter(({ topic }) => !known.has(topic))
    .map(({ topic, path }) =>
      wrongValue(
        ["services", name, ...path],
        `no service writes topic ${shown(topic)}; ${next}${didYouMean(topic, known)}`,
      ),
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
      `services form a cycle, ${way}; let one of them read or write another topic`,
    );
  });
}
