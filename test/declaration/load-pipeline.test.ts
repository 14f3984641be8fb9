import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { type Pipeline, topicsOf } from "../../declaration/pipeline.ts";

/** Loads a pipeline from its text. */
async function load(text: string): Promise<Pipeline> {
  const folder = mkdtempSync(join(tmpdir(), "bramble-test-"));
  try {
    writeFileSync(join(folder, "values.txt"), "1 2 3");
    writeFileSync(join(folder, "p.yaml"), text);
    return await loadPipeline(join(folder, "p.yaml"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hosts(count: number): string {
  return Array.from({ length: count }, (_, i) => `h${i}: 10.0.0.${i + 1}`).join(", ");
}

describe("the course's pipelines", () => {
  test("kafka_chaining is placed and joined as in the exercise", async () => {
    const { name, file, services, topics } = await loadPipeline("pipelines/kafka_chaining.yaml");
    expect({ name, file }).toEqual({ name: "kafka_chaining", file: resolve("pipelines/kafka_chaining.yaml") });
    const table = services.map(({ name, on, input, apply, output }) => [
      name,
      on.join(),
      input.kind === "file"
        ? `${input.everyMs} ms`
        : topicsOf(input)
            .map(({ topic }) => topic)
            .join(),
      apply.map(({ operator, params }) => [operator, params]),
      output.kind === "topic" ? output.topic : output.kind,
    ]);
    expect(table).toEqual([
      ["pro", "rpi0", "3000 ms", [["celsius-to-fahrenheit", {}]], "temperatures_fahrenheit"],
      ["con1", "rpi1", "temperatures_fahrenheit", [["threshold", { above: 50 }]], "temperatures_above_threshold"],
      ["con2", "rpi2", "temperatures_above_threshold", [["ewma", { alpha: 0.5 }]], "temperatures_ewma"],
      ["out_ewma", "rpi2", "temperatures_ewma", [], "log"],
      [
        "con3",
        "rpi3",
        "temperatures_above_threshold",
        [["moving-average", { over: 3 }]],
        "temperatures_moving_average",
      ],
      ["out_avg", "rpi3", "temperatures_moving_average", [], "log"],
    ]);
    const streams = topics.filter(({ role }) => role === "stream");
    expect(streams.map(({ name }) => name)).toEqual([
      "temperatures_above_threshold",
      "temperatures_ewma",
      "temperatures_fahrenheit",
      "temperatures_moving_average",
    ]);
    for (const topic of streams) expect(topic).toMatchObject({ partitions: 1, replicationFactor: 1, config: {} });
  });

  test("only what has something to remember has a changelog, and only what reads a topic has dead letters", async () => {
    const { services } = await loadPipeline("pipelines/kafka_chaining.yaml");
    expect(
      services.map(({ name, changelogTopic, deadLetterTopic }) => [name, changelogTopic, deadLetterTopic]),
    ).toEqual([
      ["pro", "kafka_chaining-pro-changelog", undefined],
      ["con1", undefined, "kafka_chaining-con1-dead-letters"],
      ["con2", "kafka_chaining-con2-changelog", "kafka_chaining-con2-dead-letters"],
      ["out_ewma", undefined, "kafka_chaining-out_ewma-dead-letters"],
      ["con3", "kafka_chaining-con3-changelog", "kafka_chaining-con3-dead-letters"],
      ["out_avg", undefined, "kafka_chaining-out_avg-dead-letters"],
    ]);
  });

  test("kafka_example sends raw Celsius once a second and prints every stage", async () => {
    const { services } = await loadPipeline("pipelines/kafka_example.yaml");
    expect(services).toMatchObject([
      {
        name: "pro",
        on: ["rpi0"],
        input: { kind: "file", path: resolve("data/kafka_example.txt"), everyMs: 1000 },
        apply: [],
        output: { kind: "topic", topic: "temperature" },
      },
      {
        name: "con",
        on: ["rpi1"],
        input: { kind: "topic", topic: "temperature" },
        apply: [
          { operator: "celsius-to-fahrenheit", params: {} },
          { operator: "add-noise", params: { amplitude: 1 } },
          { operator: "round", params: {} },
        ],
        output: { kind: "log", stages: true },
      },
    ]);
  });
});

test.each([
  ["on: rpi1", ["rpi1"]],
  ["on: [rpi1, rpi2]", ["rpi1", "rpi2"]],
  ["on: [rpi1, rpi2], replicas: 3", ["rpi1", "rpi2", "rpi1"]],
  ["on: [rpi1, rpi2], replicas: 1", ["rpi1"]],
  ["on: rpi2, replicas: 2", ["rpi2", "rpi2"]],
])("replicas are spread over the hosts in order: %s", async (placed, on) => {
  const { services } = await load(`cluster: { hosts: { rpi1: 10.42.0.251, rpi2: 10.42.0.252 } }
topics: { in: { partitions: 3 } }
services: { con: { ${placed}, from: in, sink: log } }
`);
  expect(services.map((service) => service.on)).toEqual([on]);
});

describe("defaults", () => {
  test.each([
    [1, ["h0"], []],
    [2, ["h0"], ["h1"]],
    [3, ["h0", "h1", "h2"], []],
    [4, ["h0", "h1", "h2"], ["h3"]],
    [6, ["h0", "h1", "h2"], ["h3", "h4", "h5"]],
  ])("of %i hosts, an odd number votes", async (count, voters, observers) => {
    const { cluster } = await load(`cluster: { hosts: { ${hosts(count)} } }`);
    expect(cluster.metadata).toEqual({ mode: "zookeeper", heap: "64m", voters, observers });
    expect(cluster.kafka).toEqual({
      version: "3.9.2",
      home: "/opt/kafka",
      heap: "256m",
      brokers: cluster.hosts.map(({ name }) => name),
      config: {},
    });
  });

  test.each([
    [2, ["h0"]],
    [4, ["h0", "h1", "h2"]],
  ])("of %i hosts with KRaft, an odd number are controllers, and Kafka is one that has KRaft", async (count, odd) => {
    const { cluster } = await load(`cluster: { hosts: { ${hosts(count)} }, kraft: {} }`);
    expect(cluster.metadata).toEqual({ mode: "kraft", heap: "64m", controllers: odd });
    expect(cluster.kafka).toMatchObject({ version: "4.3.1", brokers: cluster.hosts.map(({ name }) => name) });
  });

  test("controllers may be any hosts, with or without a broker", async () => {
    const { cluster } = await load(`
cluster:
  hosts: { ${hosts(4)} }
  kafka: { version: 4.2.0, brokers: [h0, h1, h2] }
  kraft: { controllers: [h3], heap: 96m }`);
    expect(cluster.metadata).toEqual({ mode: "kraft", heap: "96m", controllers: ["h3"] });
    expect(cluster.kafka.version).toBe("4.2.0");
  });

  test("a host's broker id is its own, or its place", async () => {
    const { cluster } = await load(
      "cluster: { hosts: { h1: { address: h1, id: 1 }, h9: { address: h9, id: 0 }, h2: h2 } }",
    );
    expect(cluster.hosts).toEqual([
      { name: "h1", address: "h1", id: 1 },
      { name: "h9", address: "h9", id: 0 },
      { name: "h2", address: "h2", id: 2 },
    ]);
  });

  test("voters may be any hosts; the others observe in the order of the file", async () => {
    const { cluster } = await load(`cluster: { hosts: { ${hosts(4)} }, zookeeper: { voters: [h3] } }`);
    expect(cluster.metadata).toMatchObject({ voters: ["h3"], observers: ["h0", "h1", "h2"] });
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [5, 3],
  ])("on %i brokers, what bramble keeps for itself is kept on %i", async (brokers, replicationFactor) => {
    const { topics } = await load(`
cluster: { hosts: { ${hosts(brokers)} } }
topics: { in: { partitions: 6 } }
services:
  feed: { on: h0, source: { file: values.txt }, to: in }
  mean: { on: h0, from: in, apply: [{ moving-average: { over: 2 } }], to: out }
  show: { on: h0, from: out, sink: log }
`);
    // Written to two brokers at least, where one of three may be away.
    const durable = replicationFactor === 3 ? { "min.insync.replicas": "2" } : {};
    const compact = { "cleanup.policy": "compact", ...durable };
    expect(topics).toEqual([
      { name: "in", partitions: 6, replicationFactor: 1, config: {}, role: "stream" },
      { name: "out", partitions: 1, replicationFactor: 1, config: {}, role: "stream" },
      { name: "p-feed-changelog", partitions: 1, replicationFactor, config: compact, role: "changelog" },
      { name: "p-mean-changelog", partitions: 6, replicationFactor, config: compact, role: "changelog" },
      { name: "p-mean-dead-letters", partitions: 1, replicationFactor, config: durable, role: "dead-letters" },
      { name: "p-show-dead-letters", partitions: 1, replicationFactor, config: durable, role: "dead-letters" },
    ]);
  });

  test("how many replicas must have a record is what the file says of the brokers, where it says so", async () => {
    const { topics } = await load(`
cluster: { hosts: { ${hosts(3)} }, kafka: { config: { min.insync.replicas: 1 } } }
topics: { in: { replicationFactor: 3 } }
services:
  mean: { on: h0, from: in, apply: [{ moving-average: { over: 2 } }], sink: log }
`);
    expect(topics.map(({ name, config }) => [name, config])).toEqual([
      ["in", {}],
      ["p-mean-changelog", { "cleanup.policy": "compact" }],
      ["p-mean-dead-letters", {}],
    ]);
  });

  test("a cluster alone is a pipeline: the first exercise needs no more", async () => {
    expect(await load("cluster: { hosts: { rpi0: 10.42.0.250 } }")).toMatchObject({ topics: [], services: [] });
    expect(await load("cluster: { hosts: { rpi0: 10.42.0.250 } }\ntopics:\nservices:\n")).toMatchObject({ topics: [] });
  });
});

test("merged and branched topics are read and written with what they hold, and follow each other in the graph", async () => {
  const { services, topics } = await load(`
cluster: { hosts: { rpi0: 10.42.0.250 } }
topics: { a: { format: text, partitions: 2 }, b: { partitions: 3 }, hot: { format: json } }
services:
  last: { on: rpi0, from: [cold, hot], apply: [{ ewma: { alpha: 1 } }], sink: log }
  split: { on: rpi0, from: [a, b], to: [{ hot: { threshold: { above: 50 }, field: x } }, { warm: { threshold: { above: 20 } } }, cold] }
`);
  expect(services.map(({ name }) => name)).toEqual(["split", "last"]);
  expect(services).toMatchObject([
    {
      input: { kind: "topics", topics: [{ topic: "a", format: "text" }, { topic: "b" }] },
      output: {
        kind: "branches",
        branches: [
          { topic: "hot", format: "json", when: { operator: "threshold", params: { above: 50 }, field: "x" } },
          { topic: "warm", when: { operator: "threshold", params: { above: 20 } } },
          { topic: "cold" },
        ],
      },
      deadLetterTopic: "p-split-dead-letters",
    },
    { input: { kind: "topics" }, changelogTopic: "p-last-changelog" },
  ]);
  expect(topics.filter(({ role }) => role === "stream").map(({ name }) => name)).toEqual(
    "a b cold hot warm".split(" "),
  );
});

test("a random source without a seed has one of its own, the same each time", async () => {
  const text = `
cluster: { hosts: { rpi0: 10.42.0.250 } }
services:
  one: { on: rpi0, source: { random: { between: [0, 1] } }, to: a }
  other: { on: rpi0, source: { random: { between: [0, 1] }, every: 10ms, count: 7 }, to: a }
`;
  const [first, again] = [await load(text), await load(text)];
  expect(again.services).toEqual(first.services);
  const inputs = first.services.map(({ input }) => input);
  expect(inputs).toMatchObject([
    { kind: "random", between: [0, 1], everyMs: 1000 },
    { kind: "random", between: [0, 1], everyMs: 10, count: 7 },
  ]);
  const seeds = inputs.map((input) => (input.kind === "random" ? input.seed : 0));
  expect(new Set(seeds).size).toBe(2);
  for (const seed of seeds) expect(seed).toBeGreaterThan(0);
});

test("a list of one topic is that topic", async () => {
  const { services } = await load(`
cluster: { hosts: { rpi0: 10.42.0.250 } }
topics: { a: }
services: { con: { on: rpi0, from: [a], to: [b] } }
`);
  expect(services).toMatchObject([{ input: { kind: "topic", topic: "a" }, output: { kind: "topic", topic: "b" } }]);
});

test("settings reach Kafka as they are written", async () => {
  const { cluster, topics } = await load(`
cluster:
  hosts: { rpi0: 10.42.0.250 }
  kafka: { config: { log.retention.hours: 024, log.segment.bytes: 1e6, auto.create.topics.enable: false } }
topics:
  a: { config: { retention.ms: 9223372036854775807, cleanup.policy: "compact,delete", min.cleanable.dirty.ratio: 0.10 } }
`);
  expect(cluster.kafka.config).toEqual({
    "log.retention.hours": "024",
    "log.segment.bytes": "1e6",
    "auto.create.topics.enable": "false",
  });
  expect(topics[0]?.config).toEqual({
    "retention.ms": "9223372036854775807",
    "cleanup.policy": "compact,delete",
    "min.cleanable.dirty.ratio": "0.10",
  });
});

test("anchors, aliases and merge keys stand for what they name", async () => {
  const { services, topics } = await load(`
cluster: { hosts: { rpi0: 10.42.0.250 } }
topics:
  a: &small { partitions: 2, config: { retention.ms: 0060000 } }
  b: *small
  c: { <<: *small, partitions: 3 }
services:
  one: &printing { on: rpi0, from: a, apply: &chain [round], sink: { log: { stages: true } } }
  two: { <<: *printing, from: b }
  three: { on: rpi0, from: c, apply: *chain, sink: log }
`);
  expect(topics.filter(({ role }) => role === "stream")).toEqual([
    { name: "a", partitions: 2, replicationFactor: 1, config: { "retention.ms": "0060000" }, role: "stream" },
    { name: "b", partitions: 2, replicationFactor: 1, config: { "retention.ms": "0060000" }, role: "stream" },
    { name: "c", partitions: 3, replicationFactor: 1, config: { "retention.ms": "0060000" }, role: "stream" },
  ]);
  expect(services).toMatchObject([
    { name: "one", input: { topic: "a" }, output: { stages: true } },
    { name: "two", input: { topic: "b" }, output: { stages: true } },
    { name: "three", input: { topic: "c" }, apply: [{ operator: "round" }] },
  ]);
});

test.each([
  ["250ms", 250],
  ["3s", 3_000],
  ["1.5s", 1_500],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["0s", 0],
])("every: %s is %i milliseconds", async (every, everyMs) => {
  const { services } = await load(`
cluster: { hosts: { rpi0: 10.42.0.250 } }
services: { pro: { on: rpi0, source: { file: values.txt, every: ${every} }, to: a } }
`);
  expect(services[0]?.input).toMatchObject({ everyMs });
});

test("every is one second by default, and sinks show no stages unless told to", async () => {
  const { services } = await load(`
cluster: { hosts: { rpi0: 10.42.0.250 } }
services:
  a: { on: rpi0, source: { file: values.txt }, sink: log }
  b: { on: rpi0, source: { file: values.txt }, sink: { log: } }
  c: { on: rpi0, source: { file: values.txt }, sink: { log: { stages: false } } }
`);
  for (const service of services) {
    expect(service).toMatchObject({ input: { everyMs: 1000 }, output: { kind: "log", stages: false } });
  }
});
