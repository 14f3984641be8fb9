import { type Finding, type Path, shown, wrongKey, wrongValue } from "../diagnostic.ts";
import { brokersOf, type Draft } from "../draft.ts";
import { internalTopics } from "../internal-topics.ts";
import { TOPIC_NAME } from "../names.ts";

/** What is wrong with the topics that are declared or written. `pipeline` is the pipeline's name. */
export function topicFindings(draft: Draft, pipeline: string): Finding[] {
  return [...names(draft, pipeline), ...replication(draft)];
}

function names(draft: Draft, pipeline: string): Finding[] {
  const internal = new Map([...draft.services.keys()].flatMap((service) => internalTopics(pipeline, service)));
  /** Kafka puts topic names into metric names with "_" for ".", and refuses two that would be the same there. */
  const owners = new Map<string, string>();
  const findings: Finding[] = [];
  for (const [topic, finding] of mentions(draft)) {
    const other = owners.get(topic.replaceAll(".", "_"));
    if (!TOPIC_NAME.test(topic)) {
      findings.push(
        finding(
          `${shown(topic)} is not a valid topic name: it needs letters, digits, ".", "_" and "-", at most 249 characters`,
        ),
      );
    } else if (topic.startsWith("__")) {
      findings.push(finding(`Kafka reserves names that begin with __; rename topic ${shown(topic)}`));
    } else if (internal.has(topic)) {
      findings.push(finding(`${shown(topic)} is the name of ${internal.get(topic)}; choose another`));
    } else if (other !== undefined) {
      findings.push(
        finding(`${shown(topic)} differs from ${other} only in "." and "_", which Kafka refuses; rename one of them`),
      );
    }
    owners.set(topic.replaceAll(".", "_"), topic);
  }
  return findings;
}

/** Every topic once, where it first gets its name. */
function mentions(draft: Draft): Map<string, (message: string) => Finding> {
  const found = new Map<string, (message: string) => Finding>();
  for (const topic of draft.topics.keys()) found.set(topic, (message) => wrongKey(["topics", topic], message));
  for (const [service, { to }] of draft.services) {
    for (const { topic, path, isKey } of to) {
      if (found.has(topic)) continue;
      const at = ["services", service, ...path];
      found.set(topic, (message) => (isKey ? wrongKey(at, message) : wrongValue(at, message)));
    }
  }
  return found;
}

function replication(draft: Draft): Finding[] {
  const brokers = brokersOf(draft).length;
  const findings: Finding[] = [];
  for (const [topic, { replicationFactor, config }] of draft.topics) {
    if (replicationFactor === undefined) continue;
    const path: Path = ["topics", topic];
    if (brokers > 0 && replicationFactor > brokers) {
      const message = `expected at most ${brokers}, the number of brokers, found ${replicationFactor}`;
      findings.push(wrongValue([...path, "replicationFactor"], message));
    }
    const inSync = Number(config.get("min.insync.replicas") ?? 1);
    if (inSync > replicationFactor) {
      const message = `expected at most ${replicationFactor}, the replication factor, found ${inSync}; no record could be written`;
      findings.push(wrongValue([...path, "config", "min.insync.replicas"], message));
    }
  }
  return findings;
}
