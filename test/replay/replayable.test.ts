import { beforeAll, describe, expect, test } from "@jest/globals";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import type { Pipeline } from "../../declaration/pipeline.ts";
import { intoTopic } from "../../replay/into-topic.ts";
import { replayable } from "../../replay/replayable.ts";

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await loadPipeline("pipelines/kafka_chaining.yaml");
});
const find = (name: string) => replayable(pipeline, name, ["10.42.0.250:9092"]);

describe("a service that reads topics", () => {
  test("can be replayed", () => {
    expect(find("con2")).toMatchObject({
      spec: { groupId: "kafka_chaining-con2", changelogTopic: "kafka_chaining-con2-changelog" },
      inputTopics: ["temperatures_above_threshold"],
      outputTopics: ["temperatures_ewma"],
      units: ["rpi2: bramble-con2"],
    });
  });

  test.each([
    ["cn2", /^there is no service cn2; services that read a topic: con1, .*; did you mean con2\?$/],
    [
      "pro",
      /^pro reads the file \/.*, which cannot be replayed from Kafka; services that read a topic: con1, .*\. The records of pro are in temperatures_fahrenheit: replay con1, for example$/,
    ],
  ])("is wanted: not %s", (name, message) => {
    expect(() => find(name)).toThrow(message);
  });
});

describe("a topic for the results", () => {
  test("is made as the service's own is, and read into by a group of its own that has a state of its own", () => {
    expect(intoTopic(pipeline, find("con2"), "trial")).toMatchObject({
      spec: {
        groupId: "kafka_chaining-con2-replay-trial",
        changelogTopic: "kafka_chaining-con2-replay-trial-changelog",
        deadLettersOf: "kafka_chaining-con2",
        output: { kind: "topic", topic: "trial" },
      },
      shape: { partitions: 1, replicationFactor: 1 },
      changelogShape: { config: { "cleanup.policy": "compact" } },
    });
  });

  test.each([
    ["con2", "a topic", /^--to a topic is not a valid topic name: it needs/],
    [
      "con2",
      "temperatures_ewma",
      /^--to temperatures_ewma is a topic of the pipeline; omit --to to write the service's own outputs$/,
    ],
    [
      "con2",
      "temperatures_fahrenheit",
      /^--to temperatures_fahrenheit is a topic of the pipeline; choose one that no service has$/,
    ],
    ["con2", "kafka_chaining-con2-changelog", /is a topic of the pipeline; /],
    ["out_ewma", "trial", /^out_ewma prints its values and writes no topic/],
  ])("of %s is not %s", (name, topic, message) => {
    expect(() => intoTopic(pipeline, find(name), topic)).toThrow(message);
  });
});
