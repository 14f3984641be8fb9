import { basename } from "node:path";
import { type Pipeline, type Service, topicsOf } from "../declaration/pipeline.ts";
import type { KafkaAnswer, ServiceLag } from "../status/ask-kafka.ts";
import { serviceUnits, unitsOn } from "../status/declared-units.ts";
import { amount } from "../status/lag.ts";
import type { Answers, Problem } from "../status/problem.ts";
import { type HostAnswer, stateOf } from "../status/unit-state.ts";
import { columns } from "./columns.ts";
import { duration } from "./duration.ts";

/** Every host with its daemons. */
export function hostTable(pipeline: Pipeline, hosts: Answers["hosts"]): string {
  const { cluster } = pipeline;
  const daemons = cluster.metadata.mode === "zookeeper" ? ["zookeeper.service", "kafka.service"] : ["kafka.service"];
  const rows = cluster.hosts.map(({ name, address }) => {
    const answer = hosts.get(name);
    if (answer?.kind !== "units") return [name, address, "unknown"];
    const declared = unitsOn(pipeline, name);
    const cells = daemons.map((daemon) => (declared.some(({ unit }) => unit === daemon) ? state(answer, daemon) : "-"));
    return [name, address, ...cells, ...rolesOn(pipeline, name)];
  });
  const roles = cluster.metadata.mode === "kraft" ? ["ROLES"] : [];
  return columns([
    ["HOST", "ADDRESS", ...daemons.map((unit) => unit.split(".")[0]?.toUpperCase() ?? ""), ...roles],
    ...rows,
  ]);
}

/** The roles of a KRaft node: one process may be broker and controller. */
function rolesOn({ cluster: { kafka, metadata } }: Pipeline, host: string): string[] {
  if (metadata.mode !== "kraft") return [];
  const roles = [
    ...(kafka.brokers.includes(host) ? ["broker"] : []),
    ...(metadata.controllers.includes(host) ? ["controller"] : []),
  ];
  return [roles.join(", ") || "-"];
}

/** Every unit of a service: one for each replica. */
export function unitTable(pipeline: Pipeline, hosts: Answers["hosts"]): string {
  const rows = serviceUnits(pipeline).map(({ host, unit, instance }) => {
    const answer = hosts.get(host);
    return [instance, host, state(answer, unit), stateOf(answer, unit)?.says || "-"];
  });
  return columns([["SERVICE", "HOST", "STATE", "SAYS"], ...rows]);
}

/** Every partition that a service reads, and its dead letters. */
export function lagTable({ services }: Pipeline, kafka: KafkaAnswer): string {
  const rows = services.flatMap((service) => {
    const { name, input } = service;
    const found = kafka.services.get(name);
    const deadLetters = count(found?.deadLetters);
    const reads = (found?.reads ?? []).map(({ topic, partition, position = "-", lag }) => [
      ...[`${topic}/${partition}`, String(position), count(lag)],
    ]);
    const known = reads.length > 0 ? reads : topicsOf(input).map(({ topic }) => [topic, "-", "-"]);
    const all = known.length > 0 ? known : [[sourceOf(service), "-", "-"]];
    return all.map((cells, i) => [name, ...cells, i === 0 ? deadLetters : ""]);
  });
  return columns([["SERVICE", "READS", "POSITION", "LAG", "DEAD LETTERS"], ...rows]);
}

/** The source of a service that reads no topic. Its position is in its changelog, and its unit's status text shows it. */
export function sourceOf({ input }: Service): string {
  switch (input.kind) {
    case "follow":
      return input.path;
    case "file":
      return basename(input.path);
    case "random":
    case "sequence":
    case "topic":
    case "topics":
      return `${input.kind} source`;
    default:
      return input satisfies never;
  }
}

/** Every problem with its next step, and the services that have dead letters. */
export function conclusion({ services }: Pipeline, kafka: KafkaAnswer, problems: readonly Problem[]): string[] {
  const lines = problems.flatMap(({ what, next }) => [
    `  ${what}`,
    ...(next === undefined ? [] : next.split("\n").map((line) => `    ${line}`)),
  ]);
  const deadLetters = services.flatMap(({ name }) => {
    const lag = kafka.services.get(name)?.deadLetters;
    if (lag === undefined || lag.records === 0) return [];
    const wait = lag.records === 1 ? "dead letter is waiting" : "dead letters are waiting";
    return [`${name}: ${amount(lag)} ${wait}. See \`npx bramble deadletters ${name}\`.`];
  });
  return [...(lines.length === 0 ? ["All is well."] : ["Problems:", ...lines]), ...deadLetters];
}

function count(lag: ServiceLag["deadLetters"]): string {
  return lag === undefined ? "-" : amount(lag);
}

/** "active 3 min 2 s, 1 restart"; a question mark if the state is unknown. */
function state(answer: HostAnswer | undefined, unit: string): string {
  const found = stateOf(answer, unit);
  if (found === undefined) return "?";
  const { load, active, forSeconds, restarts } = found;
  if (load === "not-found") return "not found";
  if (load === "masked") return "masked";
  const since = forSeconds === undefined ? "" : ` ${duration(forSeconds)}`;
  const again = restarts === 0 ? "" : `, ${restarts} restart${restarts === 1 ? "" : "s"}`;
  return `${active}${since}${again}`;
}
