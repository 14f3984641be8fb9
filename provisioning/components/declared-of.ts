import type * as declaration from "../../declaration/pipeline.ts";
import type { Declared, DeclaredService } from "../impact/declared.ts";
import { bootstrapServers } from "./broker.ts";

/** What of a pipeline is told in words when it changes. Pure. */
export function declaredOf({ cluster, services, topics }: declaration.Pipeline, keepData: boolean): Declared {
  return {
    hosts: Object.fromEntries(cluster.hosts.map(({ name, address }) => [name, address])),
    bootstrapServers: bootstrapServers(cluster),
    keepData,
    services: Object.fromEntries(services.map((service) => [service.name, declaredService(service)])),
    topics: Object.fromEntries(topics.map(({ name, role }) => [name, { role }])),
  };
}

function declaredService({ on, input, apply, output, changelogTopic }: declaration.Service): DeclaredService {
  return {
    on,
    ...(input.kind === "topic" ? { from: input.topic } : { everyMs: input.everyMs }),
    apply: apply.map(({ operator, params, field, stateful }) => ({
      ...{ operator, stateful },
      params: field === undefined ? params : { ...params, field },
    })),
    ...(output.kind === "topic" ? { to: output.topic } : { stages: output.stages }),
    ...(changelogTopic === undefined ? {} : { changelog: changelogTopic }),
  };
}
