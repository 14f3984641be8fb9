import { expect, jest, test } from "@jest/globals";
import { openDriver } from "bramble/test";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { eventually } from "../../testing/eventually.ts";
import { journals, linesOf } from "../../testing/running-service.ts";
import type { ReadRecord } from "../../testing/topic-reader.ts";
import { useBroker } from "../../testing/use-broker.ts";
import { byKey, written } from "./case-folder.ts";
import { cases } from "./cases.ts";
import { deploy, send } from "./deployed.ts";

jest.setTimeout(120_000);

const { broker, reader } = useBroker();

const parsed = (records: readonly ReadRecord[] = []) =>
  records.map(({ key, value }) => ({ key, value: JSON.parse(value ?? "") as unknown }));
const sizeOf = (values: Readonly<Record<string, readonly unknown[]>>) => Object.values(values).flat().length;

test.each(cases.map((each, i) => ({ ...each, name: `case${i}` })))("$why", async (each) => {
  const { name, sent = [], topics = {}, unordered = [], printed = {}, lines = {}, deadLetters = {} } = each;
  const pipeline = await loadPipeline(written(each, name));
  // Two copies of each service share its partitions; one that prints has but one journal here.
  const services = await deploy(broker, pipeline, Object.keys(printed).length > 0 ? 1 : 2);
  await send(broker, pipeline, sent);

  const deadLetterTopic = (service: string) => `${name}-${service}-dead-letters`;
  const wanted = Object.fromEntries([
    ...Object.entries(topics).map(([topic, values]) => [topic, sizeOf(values)] as const),
    ...Object.entries(deadLetters).map(([service, causes]) => [deadLetterTopic(service), causes.length] as const),
  ]);
  const printedBy = (service: string) => services.find((running) => running.name === service)?.printed() ?? [];
  const fileOf = (service: string) => {
    const output = pipeline.services.find((each) => each.name === service)?.output;
    return linesOf({ groupId: `${name}-${service}` }, output?.kind === "file" ? output.name : "");
  };
  const isThere = async () => {
    const read = await reader.read(...Object.keys(wanted));
    return (
      Object.entries(wanted).every(([topic, count]) => (read[topic]?.length ?? 0) >= count) &&
      Object.entries(printed).every(([service, all]) => printedBy(service).length >= all.length) &&
      Object.entries(lines).every(([service, all]) => fileOf(service).length >= all.length)
    );
  };
  await eventually(isThere, journals(services), 60_000);

  const read = await reader.read(...Object.keys(wanted));
  for (const [topic, values] of Object.entries(topics)) {
    expect({ [topic]: byKey(parsed(read[topic]), unordered.includes(topic)) }).toEqual({ [topic]: values });
  }
  for (const [service, all] of Object.entries(printed)) expect(printedBy(service)).toEqual(all);
  for (const [service, all] of Object.entries(lines)) expect(fileOf(service)).toEqual(all);
  for (const [service, causes] of Object.entries(deadLetters)) {
    expect(read[deadLetterTopic(service)]?.map(({ headers }) => headers["bramble.cause"])).toEqual(causes);
  }
});

test("the manual's pipeline gives on a broker what it gives without one, at the times at which its sources sent", async () => {
  const pipeline = await loadPipeline("pipelines/reference.yaml");
  const services = await deploy(broker, pipeline);
  const streams = pipeline.topics.filter(({ role }) => role === "stream").map(({ name }) => name);

  const alone = await openDriver(pipeline);
  alone.finish();
  const sources = ["readings", "stations"];
  const count = (topic: string) => alone.values(topic).length;
  await eventually(
    async () => {
      const read = await reader.read(...sources);
      return sources.every((topic) => (read[topic]?.length ?? 0) >= count(topic));
    },
    journals(services),
    60_000,
  );
  const read = await reader.read(...sources);
  for (const topic of sources) expect(parsed(read[topic]).map(({ value }) => value)).toEqual(alone.values(topic));

  // Windows and rates depend on the moments, which only a broker's clock knows.
  const driver = await openDriver(pipeline);
  for (const topic of sources) {
    for (const { key, value, timestamp } of read[topic] ?? []) {
      driver.sendText(topic, value ?? "", { key, timestampMs: timestamp });
    }
  }
  const logs = pipeline.services.filter(({ output }) => output.kind === "log");
  const sinks = logs.map(({ name }) => name);
  const sourced = logs.filter(({ input }) => !["topic", "topics"].includes(input.kind)).map(({ name }) => name);
  const printed = (name: string) =>
    (sourced.includes(name) ? alone : driver).printedTexts(name).map((stages) => stages.at(-1));
  const printedBy = (name: string) => services.find((running) => running.name === name)?.printed() ?? [];
  await eventually(
    async () => {
      const all = await reader.read(...streams);
      return (
        streams.every((topic) => (all[topic]?.length ?? 0) >= driver.values(topic).length) &&
        sinks.every((name) => printedBy(name).length >= printed(name).length)
      );
    },
    journals(services),
    60_000,
  );
  const all = await reader.read(...streams);
  for (const topic of streams) {
    expect({ [topic]: parsed(all[topic]) }).toEqual({
      [topic]: driver.records(topic).map(({ key, value }) => ({ key, value })),
    });
  }
  for (const name of sinks) expect({ [name]: printedBy(name) }).toEqual({ [name]: printed(name) });
});
