import { bootstrapServers, firstServers } from "../../declaration/bootstrap-servers.ts";
import type * as declaration from "../../declaration/pipeline.ts";
import { topicsOf } from "../../declaration/pipeline.ts";
import type { DeclaredPipeline, DeclaredService } from "../impact/declared-pipeline.ts";

/** What of a pipeline is told in words when it changes. Pure. */
export function declaredPipeline(
  { cluster, services, topics }: declaration.Pipeline,
  keepData: boolean,
): DeclaredPipeline {
  return {
    hosts: Object.fromEntries(cluster.hosts.map(({ name, address }) => [name, address])),
    bootstrapServers: bootstrapServers(cluster),
    firstServers: firstServers(cluster),
    keepData,
    services: Object.fromEntries(services.map((service) => [service.name, declaredService(service)])),
    topics: Object.fromEntries(topics.map(({ name, role }) => [name, { role }])),
  };
}

function declaredService(service: declaration.Service): DeclaredService {
  const { on, input, apply, output, maxAheadMs, processingGuarantee, changelogTopic } = service;
  return {
    on: oneOrAll(on),
    ...inputOf(input),
    apply: apply.map(({ operator, params, written, field, stateful, stateBasis }) => ({
      ...{ operator, stateful, stateBasis },
      params: { ...params, ...written },
      ...(field !== undefined && { field }),
    })),
    ...outputOf(output),
    ...(maxAheadMs === undefined ? {} : { maxAheadMs }),
    ...(processingGuarantee === undefined ? {} : { processingGuarantee }),
    ...(changelogTopic === undefined ? {} : { changelog: changelogTopic }),
  };
}

function inputOf(input: declaration.Input): Pick<DeclaredService, "from" | "everyMs" | "source"> {
  switch (input.kind) {
    case "topic":
    case "topics":
      return { from: topicNames(input) };
    case "follow":
      return { source: { file: input.path } };
    case "file":
      return { everyMs: input.everyMs };
    case "random":
    case "sequence": {
      const { everyMs, kind, count, ...generator } = input;
      return { everyMs, source: { [kind]: generator, ...(count !== undefined && { count }) } };
    }
    default:
      return input satisfies never;
  }
}

function outputOf(output: declaration.Output): Pick<DeclaredService, "to" | "stages" | "file" | "format" | "filters"> {
  switch (output.kind) {
    case "topic":
      return { to: topicNames(output) };
    case "branches":
      return { to: topicNames(output), filters: Object.fromEntries(output.branches.flatMap(filterOf)) };
    case "log":
      return { stages: output.stages };
    case "file":
      return { file: output.name, ...(output.format && { format: output.format }) };
    default:
      return output satisfies never;
  }
}

function topicNames(end: declaration.Input | declaration.Output): string | readonly string[] {
  return oneOrAll(topicsOf(end).map(({ topic }) => topic));
}

function oneOrAll(names: readonly string[]): string | readonly string[] {
  return names.length === 1 ? names.join() : names;
}

function filterOf({ topic, when }: declaration.Branch): [topic: string, filter: object][] {
  if (when === undefined) return [];
  const { operator, params, field } = when;
  return [[topic, { [operator]: params, ...(field === undefined ? {} : { field }) }]];
}
