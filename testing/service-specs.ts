import { topicsOf } from "../operators/topics-of.ts";
import type { ServiceSpec } from "../runtime/service-spec.ts";
import type { ReachableBroker } from "./kafka-broker.ts";
import { createTopics, ownName } from "./topics.ts";

type Parts = Pick<ServiceSpec, "input" | "output"> & { readonly apply?: ServiceSpec["apply"] };

export const file = (everyMs: number) => ({ kind: "file", path: "input.txt", everyMs }) as const;
export const log = { kind: "log", stages: false } as const;
export const step = (operator: string, params: Record<string, unknown> = {}) => ({ operator, params });

/** Names the services and topics of one test, so that tests share a broker and nothing else. */
export class Pipeline {
  static #count = 0;
  readonly #broker: ReachableBroker;
  readonly #name: string;

  constructor(broker: ReachableBroker) {
    this.#broker = broker;
    this.#name = ownName(`pipeline${++Pipeline.#count}`);
  }

  topic(name: string): string {
    return `${this.#name}-${name}`;
  }

  /** The stream of that name, as a service's input or output. */
  stream(name: string): { readonly kind: "topic"; readonly topic: string } {
    return { kind: "topic", topic: this.topic(name) };
  }

  service(name: string, { input, apply = [], output }: Parts): ServiceSpec {
    const groupId = `${this.#name}-${name}`;
    return {
      name,
      groupId,
      bootstrapServers: [this.#broker.bootstrapServer],
      input,
      apply,
      output,
      changelogTopic: `${groupId}-changelog`,
      ...(input.kind !== "file" && { deadLetterTopic: `${groupId}-dead-letters` }),
    };
  }

  /** All topics that the services need. */
  createTopics(services: readonly ServiceSpec[], partitions = 1): Promise<void> {
    const streams = services.flatMap(({ input, output }) =>
      [input, output].flatMap((each) => topicsOf(each).map(({ topic }) => topic)),
    );
    return createTopics(this.#broker, [
      ...[...new Set(streams)].map((topic) => ({ topic, partitions })),
      ...services.flatMap(({ changelogTopic: topic }) => (topic ? [{ topic, partitions, compacted: true }] : [])),
      ...services.flatMap(({ deadLetterTopic: topic }) => (topic ? [{ topic }] : [])),
    ]);
  }
}
