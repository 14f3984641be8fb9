import { type Finding, shown, wrongKey, wrongValue } from "../diagnostic.ts";
import type { Draft, DraftService } from "../draft.ts";
import { takesKeysOnly } from "../record-limits.ts";
import type { Chain } from "./operators.ts";

/**
 * Compacted topics that get records without a key, which Kafka refuses (`cleanup.policy: compact`). That is known where the
 * records come from a source, whatever services they have passed since, and no operator on their way gives keys.
 */
export function keyFindings(draft: Draft, chains: ReadonlyMap<string, Chain>): Finding[] {
  const origins = keylessTopics(draft, chains);
  return [...draft.services].flatMap(([name, service]) => {
    const source = originOf(name, service, origins, chains);
    if (source === undefined) return [];
    return service.to
      .filter(({ topic }) => isCompacted(draft, topic))
      .map(({ topic, path, isKey }) => {
        const found = `topic ${shown(topic)} is compacted, so Kafka takes no records without a key; those of source ${source} have none`;
        const message = `${found}. Give them one with select-key, or set cleanup.policy: delete for the topic`;
        return isKey
          ? wrongKey(["services", name, ...path], message)
          : wrongValue(["services", name, ...path], message);
      });
  });
}

/** Topics that get records without a key, with the service whose source they come from. */
function keylessTopics(draft: Draft, chains: ReadonlyMap<string, Chain>): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  for (let before = -1; before < origins.size; ) {
    before = origins.size;
    for (const [name, service] of draft.services) {
      const source = originOf(name, service, origins, chains);
      for (const { topic } of service.to) if (source !== undefined && !origins.has(topic)) origins.set(topic, source);
    }
  }
  return origins;
}

/** The source of records without a key that a service writes. */
function originOf(
  name: string,
  { has, from }: DraftService,
  origins: ReadonlyMap<string, string>,
  chains: ReadonlyMap<string, Chain>,
): string | undefined {
  if (chains.get(name)?.mayGiveKeys !== false) return undefined;
  if (has.has("source")) return name;
  return from.map(({ topic }) => origins.get(topic)).find((origin) => origin !== undefined);
}

function isCompacted({ topics, brokerSettings }: Draft, topic: string): boolean {
  return takesKeysOnly(topics.get(topic)?.config.get("cleanup.policy") ?? brokerSettings.get("log.cleanup.policy"));
}
