import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Pipeline, topicsOf } from "../../declaration/pipeline.ts";
import { serviceSpec, stepsOf } from "../../provisioning/service-release.ts";
import type { ReachableBroker } from "../../testing/kafka-broker.ts";
import { type RunningService, startService } from "../../testing/running-service.ts";
import { createTopics, write } from "../../testing/topics.ts";
import type { SentRecord } from "./cases.ts";

/** Makes a pipeline's topics. */
export function createTopicsOf(broker: ReachableBroker, { topics }: Pipeline): Promise<void> {
  return createTopics(
    broker,
    topics.map(({ name, partitions, role }) => ({ topic: name, partitions, compacted: role === "changelog" })),
  );
}

/** Makes a pipeline's topics and starts its services, each once or in several copies. */
export async function deploy(broker: ReachableBroker, pipeline: Pipeline, copies = 1): Promise<RunningService[]> {
  await createTopicsOf(broker, pipeline);
  const services = pipeline.services.flatMap((service) => {
    const spec = serviceSpec(pipeline, service, [broker.bootstrapServer]);
    const operators = Object.fromEntries(stepsOf(service).map(({ operator, module }) => [operator, module]));
    const isSource = topicsOf(service.input).length === 0;
    return Array.from({ length: isSource ? 1 : copies }, async () => {
      const { input } = service;
      const files = input.kind === "file" ? { [basename(input.path)]: await readFile(input.path, "utf8") } : {};
      return startService(spec, { files, operators });
    });
  });
  return Promise.all(services);
}

/** Sends records one after the other, as their topics hold them. */
export async function send(broker: ReachableBroker, pipeline: Pipeline, records: readonly SentRecord[]): Promise<void> {
  const formats = new Map(pipeline.services.flatMap(({ input }) => topicsOf(input)).map((t) => [t.topic, t.format]));
  for (const [topic, some] of Map.groupBy(records, (record) => record.topic)) {
    const text = (value: unknown) => (formats.get(topic) === "text" ? String(value) : JSON.stringify(value));
    await write(
      broker,
      topic,
      some.map(({ value, key, timestampMs }) => ({
        value: text(value),
        ...(key !== undefined && { key }),
        ...(timestampMs !== undefined && { timestamp: String(timestampMs) }),
      })),
    );
  }
}
