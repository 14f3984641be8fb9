import { type Change, drifted, textOf, vanished } from "./change.ts";
import type { DeclaredPipeline, DeclaredService, Facts, TopicContent } from "./declared-pipeline.ts";
import { and, count, differences, size } from "./phrases.ts";

type Config = Readonly<Record<string, string>>;

/** What the topics are about to go through. */
export function topicImpact(topics: readonly Change[], after: DeclaredPipeline, facts: Facts): string[] {
  const isNew = (topic: Change) => topic.operation === "create" && !vanished(topic);
  const kinds = Map.groupBy(topics.filter(isNew), ({ want }) => `${want?.partitions} ${want?.replicationFactor}`);
  const made = [...kinds.values()].map((group) => {
    const names = group.map((topic) => textOf(topic, "name")).sort();
    const { partitions, replicationFactor } = group[0]?.want ?? {};
    const shape = `${count(Number(partitions), "partition")}, replication factor ${replicationFactor}`;
    return `${names.length === 1 ? "topic" : "topics"} ${and(names)} ${names.length === 1 ? "is" : "are"} new (${shape})`;
  });
  const others = topics
    .filter((topic) => !isNew(topic))
    .sort((a, b) => textOf(a, "name").localeCompare(textOf(b, "name")));
  return [...made, ...others.flatMap((topic) => changeText(topic, after, facts))];
}

/** "1,234 records (56 kB)". */
function contentText({ records, isExact, bytes }: TopicContent): string {
  return `${isExact ? "" : "up to "}${count(records, "record")}${bytes === undefined ? "" : ` (${size(bytes)})`}`;
}

function changeText(topic: Change, after: DeclaredPipeline, facts: Facts): string[] {
  const name = textOf(topic, "name");
  const content = facts.contents.get(name);
  const lost =
    content === undefined
      ? ": an unknown number of records is lost, as Kafka does not answer now"
      : content.records === 0
        ? ""
        : `: ${contentText(content)} ${content.records === 1 ? "is" : "are"} lost`;
  if (topic.operation === "delete") return [`topic ${name} is deleted${lost || "; it is empty"}`];
  if (vanished(topic)) return [`topic ${name} was deleted by hand: it is created again, empty`];
  const { have = {}, want = {} } = topic;
  const [from, to] = [Number(have.partitions), Number(want.partitions)];
  const config = differences((want.config ?? {}) as Config, (have.config ?? {}) as Config, " ");
  const factor = Number(want.replicationFactor);
  const hand = drifted(topic, "config") ? "; they were changed by hand" : "";
  return [
    ...(to < from
      ? [`topic ${name} is deleted and created again with ${count(to, "partition")} (was ${from})${lost}`]
      : []),
    ...(to > from
      ? [`topic ${name} grows from ${from} to ${count(to, "partition")}${splitText(name, from, after)}`]
      : []),
    ...(factor === Number(have.replicationFactor) || to < from
      ? []
      : [
          `topic ${name} gets replication factor ${factor} (was ${have.replicationFactor}): replicas are moved while it stays in use`,
        ]),
    ...(config.length > 0 ? [`topic ${name} changes to ${and(config)}, without a restart${hand}`] : []),
  ];
}

/** The runtime keeps state by partition: a record that comes to another than its forerunners meets another state. */
function splitText(name: string, from: number, after: DeclaredPipeline): string {
  const readers = Object.entries(after.services).filter(
    ([, service]) => [service.from].flat().includes(name) && isStateful(service),
  );
  if (readers.length === 0) return "";
  const whose = and(readers.map(([reader]) => reader));
  return `: this splits the state of ${whose}, as the new partitions (${from} and up) start without state and a key's records may move to one of them`;
}

function isStateful({ apply }: DeclaredService): boolean {
  return apply.some(({ stateful }) => stateful);
}
