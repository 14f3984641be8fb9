import { type Pipeline, type Service, topicsOf } from "../declaration/pipeline.ts";
import { didYouMean } from "../declaration/suggest.ts";
import { instanceName } from "../declaration/unit-names.ts";
import { serviceSpec, stepsOf } from "../provisioning/service-release.ts";
import type { ServiceSpec } from "../runtime/service-spec.ts";
import { CommandError } from "./command-error.ts";

/** A service whose input can be read again. */
export interface Replayable {
  readonly spec: ServiceSpec;
  readonly inputTopics: readonly string[];
  readonly outputTopics: readonly string[];
  /** `host: unit` of each of its replicas. */
  readonly units: readonly string[];
  /** Absolute path of each operator's module, by the operator's name. */
  readonly operatorModules: Readonly<Record<string, string>>;
}

/** Throws for a name that no service has, and for a source. */
export function replayable(pipeline: Pipeline, name: string, bootstrapServers: readonly string[]): Replayable {
  const { services } = pipeline;
  const readers = services.filter(({ input }) => topicsOf(input).length > 0).map((service) => service.name);
  const service = services.find((each) => each.name === name);
  const expected = `services that read a topic: ${readers.join(", ")}`;
  if (service === undefined)
    throw new CommandError("service-unknown", `there is no service ${name}; ${expected}${didYouMean(name, readers)}`);
  const inputTopics = topicsOf(service.input).map(({ topic }) => topic);
  const outputTopics = topicsOf(service.output).map(({ topic }) => topic);
  if (inputTopics.length === 0) throw new Error(sourceProblem(service, services, outputTopics, expected));
  return {
    spec: serviceSpec(pipeline, service, bootstrapServers),
    inputTopics,
    outputTopics,
    units: service.on.map((host, i) => `${host}: bramble-${instanceName(name, i + 1)}`),
    operatorModules: Object.fromEntries(stepsOf(service).map(({ operator, module }) => [operator, module])),
  };
}

function sourceProblem(
  { name, input }: Service,
  services: readonly Service[],
  outputTopics: readonly string[],
  expected: string,
): string {
  const source = input.kind === "file" || input.kind === "follow" ? `the file ${input.path}` : `a ${input.kind} source`;
  const next = services.find((each) => topicsOf(each.input).some(({ topic }) => outputTopics.includes(topic)));
  const instead =
    next === undefined
      ? ""
      : `. The records of ${name} are in ${outputTopics.join(", ")}: replay ${next.name}, for example`;
  return `${name} reads ${source}, which cannot be replayed from Kafka; ${expected}${instead}`;
}
