import { TOPIC_NAME } from "../declaration/names.ts";
import { type Pipeline, type Topic, topicsOf } from "../declaration/pipeline.ts";
import type { ServiceSpec } from "../runtime/service-spec.ts";
import type { Replayable } from "./replayable.ts";

export type TopicShape = Pick<Topic, "partitions" | "replicationFactor" | "config">;

/** A service's operators as a reader of their own, whose results go to a topic of their own. */
export interface IntoTopic {
  readonly topic: string;
  readonly spec: ServiceSpec;
  readonly operatorModules: Readonly<Record<string, string>>;
  /** Of the topic, should it not be there yet: as the service's own output is. */
  readonly shape: TopicShape;
  readonly changelogShape: TopicShape | undefined;
}

/** Throws for a topic that cannot be, or that is the pipeline's own. */
export function intoTopic(pipeline: Pipeline, replayable: Replayable, topic: string): IntoTopic {
  const { spec, outputTopics, operatorModules } = replayable;
  const { name, output } = spec;
  const outputIntoTopic = replacedBy(topic, name, output);
  if (!TOPIC_NAME.test(topic)) {
    throw new Error(
      `--to ${topic} is not a valid topic name: it needs letters, digits, ".", "_" and "-", at most 249 characters`,
    );
  }
  const ofPipeline = pipeline.services.flatMap(({ input, output }) => [...topicsOf(input), ...topicsOf(output)]);
  const isInternal = pipeline.topics.some((each) => each.name === topic && each.role !== "stream");
  if (isInternal || ofPipeline.some((each) => each.topic === topic)) {
    const advice = outputTopics.includes(topic)
      ? "omit --to to write the service's own outputs"
      : "choose one that no service has";
    throw new Error(`--to ${topic} is a topic of the pipeline; ${advice}`);
  }
  const groupId = `${spec.groupId}-replay-${topic}`;
  const { changelogTopic, deadLetterTopic, processingGuarantee: _, ...rest } = spec;
  const declared = (topicName: string) => pipeline.topics.find((each) => each.name === topicName);
  const outputs = outputTopics.flatMap((each) => declared(each) ?? []);
  const [first] = outputs;
  if (first === undefined) throw new Error(`${name}: its output topics are not declared`);
  return {
    topic,
    spec: {
      ...rest,
      groupId,
      deadLettersOf: spec.groupId,
      ...(deadLetterTopic !== undefined && { decidedIn: deadLetterTopic }),
      output: outputIntoTopic,
      ...(changelogTopic !== undefined && { changelogTopic: `${groupId}-changelog` }),
    },
    operatorModules,
    shape: { ...first, partitions: Math.max(...outputs.map(({ partitions }) => partitions)) },
    changelogShape: changelogTopic === undefined ? undefined : declared(changelogTopic),
  };
}

/** A service's output with this topic in place of its own. */
function replacedBy(topic: string, name: string, output: ServiceSpec["output"]): ServiceSpec["output"] {
  switch (output.kind) {
    case "topic":
      return { ...output, topic };
    case "branches":
      return { ...output, branches: output.branches.map((each) => ({ ...each, topic })) };
    case "log":
      throw new Error(`${name} prints its values and writes no topic, so --to does not apply`);
    case "file":
      throw new Error(`${name} writes a file and no topic, so --to does not apply`);
    default:
      return output satisfies never;
  }
}
