import { archive } from "../resources/archive.ts";
import { declaredBrokers } from "../resources/declared-brokers.ts";
import { declaredServices } from "../resources/declared-services.ts";
import { declaredTopics } from "../resources/declared-topics.ts";
import { dynamicBrokerConfig } from "../resources/dynamic-broker-config.ts";
import { file } from "../resources/file.ts";
import { impact } from "../resources/impact.ts";
import { machine } from "../resources/machine.ts";
import { release } from "../resources/release.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import { topic } from "../resources/topic.ts";
import { unit } from "../resources/unit.ts";

// biome-ignore lint/suspicious/noExplicitAny: each type checks its own arguments; the engine's are untyped
export type AnyResourceType = ResourceType<any, any>;

const types: readonly AnyResourceType[] = [
  machine,
  file,
  archive,
  release,
  unit,
  topic,
  declaredBrokers,
  declaredServices,
  declaredTopics,
  dynamicBrokerConfig,
  impact,
];
const byToken = new Map(types.map((type) => [type.token, type]));

/** The resource type behind a URN's type token. */
export function resourceType(token: string): AnyResourceType {
  const type = byToken.get(token);
  if (type === undefined)
    throw new Error(
      `${token}: this provider has no such resource type; expected one of ${[...byToken.keys()].join(", ")}`,
    );
  return type;
}
