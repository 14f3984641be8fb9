import { z } from "zod";
import { DURATION } from "../operators/duration.ts";
import { FORMATS } from "../operators/format.ts";
import { MODULUS } from "../operators/minstd.ts";
import { PROCESSING_GUARANTEES } from "../operators/processing-guarantee.ts";
import { DEFAULT_MAX_AHEAD } from "../operators/time-limit.ts";
import { kafkaSeries } from "./kafka-versions.ts";
import { ADDRESS, FILE_NAME, HOST_NAME, SERVICE_NAME, TOPIC_NAME } from "./names.ts";

/**
 * The shape of a pipeline file: which keys there are, what each holds, what each defaults to. What one key means for
 * another (hosts, topics, cycles, operators' parameters) is for the rules. Messages complete the sentence
 * "expected X, found ..."; descriptions are what an editor shows.
 */

const host = z.string("the name of a host under cluster/hosts");
const topicName = z.string("the name of a topic");
const heap = z
  .string("a heap as the JVM writes it, such as 256m or 1g")
  .regex(/^[1-9]\d*[kKmMgG]$/, "a heap as the JVM writes it, such as 256m or 1g");
const settings = z.record(
  z.string(),
  z.union(
    [z.string(), z.number(), z.boolean()],
    'a text, a number, true or false (a list is one text such as "compact,delete")',
  ),
  "a mapping of settings such as { retention.ms: 60000 }",
);
const count = (expected: string) => z.int(expected).gte(1, expected);
const named = <T extends z.ZodType>(name: RegExp, value: T, expected: string) =>
  z.record(z.string().meta({ pattern: name.source }), value, expected);

const duration = z.string("a duration such as 100ms, 3s or 1m").regex(DURATION, "a duration such as 100ms, 3s or 1m");

const address = z.string(ADDRESS.expected).refine(ADDRESS.test, ADDRESS.expected);
/** ZooKeeper's server ids, which are one higher, end at 254 (its guide, "myid"). */
const highestId = 253;
const id = `a whole number from 0 to ${highestId}`;
const clusterHost = z.union(
  [
    address,
    z.strictObject(
      {
        address: address.describe("Address at which clients of the cluster reach the host"),
        id: z.int(id).gte(0, id).lte(highestId, id).optional().describe("Broker id; by default the index in the list"),
      },
      ADDRESS.expected,
    ),
  ],
  `${ADDRESS.expected}, or { address: 10.42.0.250, id: 0 }`,
);

const kafka = z.strictObject(
  {
    version: z
      .string(`a version such as ${kafkaSeries.zookeeper.version}`)
      .regex(/^\d+\.\d+\.\d+$/, `a version such as ${kafkaSeries.zookeeper.version}`)
      .optional()
      .describe(
        `Version of Apache Kafka on every host; by default ${kafkaSeries.zookeeper.version} with zookeeper, ${kafkaSeries.kraft.version} with kraft`,
      ),
    home: z
      .string("an absolute path such as /opt/kafka")
      .regex(/^(\/[\w.-]+)+$/, "an absolute path such as /opt/kafka")
      .default("/opt/kafka")
      .describe("Installation folder on every host; an installation of the right version is used as it is"),
    heap: heap.default("256m").describe("JVM heap of a broker"),
    brokers: z
      .array(host, "a list of hosts such as [rpi0, rpi1]")
      .min(1, "at least one host")
      .optional()
      .describe("Hosts that run a broker; every host by default"),
    config: settings.default({}).describe("Broker settings with Kafka's own keys; they override bramble's defaults"),
  },
  `a mapping such as { version: ${kafkaSeries.zookeeper.version} }`,
);

export const zookeeper = z.strictObject(
  {
    heap: heap.default("64m").describe("JVM heap of a ZooKeeper server"),
    voters: z
      .array(host, "a list of hosts such as [rpi0, rpi1, rpi2]")
      .min(1, "at least one host")
      .optional()
      .describe(
        "Hosts that vote, an odd number; by default the first three, or the first if there are fewer. The others are observers",
      ),
  },
  "a mapping such as { heap: 64m }",
);

export const kraft = z.strictObject(
  {
    heap: heap.default("64m").describe("JVM heap of a controller on a host without a broker"),
    controllers: z
      .array(host, "a list of hosts such as [rpi0, rpi1, rpi2]")
      .min(1, "at least one host")
      .optional()
      .describe(
        "Hosts that keep the metadata and vote, an odd number; by default the first three, or the first if there are fewer",
      ),
  },
  "a mapping such as {} or { controllers: [rpi0, rpi1, rpi2] }",
);

const cluster = z.strictObject(
  {
    hosts: named(HOST_NAME, clusterHost, "a mapping of host names to addresses such as { rpi0: 10.42.0.250 }")
      .refine((hosts) => Object.keys(hosts).length > 0, "at least one host such as { rpi0: 10.42.0.250 }")
      .describe("Host names and addresses; a host's index in the list is its broker id, unless `id` sets one"),
    kafka: kafka.prefault({}).describe("The Kafka brokers"),
    zookeeper: zookeeper.optional().describe("The ZooKeeper ensemble; the default if kraft is left out"),
    kraft: kraft.optional().describe("Kafka's own controllers, instead of ZooKeeper"),
  },
  "a mapping with hosts",
);

const format = z.enum(FORMATS, "number, json or text").default("number");

const topic = z
  .strictObject(
    {
      partitions: count("a whole number >= 1").default(1).describe("Number of partitions"),
      replicationFactor: count("a whole number >= 1").default(1).describe("Brokers that keep a copy of each record"),
      format: format.describe("Format of its values: JSON numbers, any JSON, or text as it is"),
      config: settings.default({}).describe("Topic settings with Kafka's own keys"),
    },
    "a mapping such as { partitions: 1, replicationFactor: 1 }",
  )
  .nullable();

const seed = "a whole number >= 1 and < 2147483647";
const random = z.strictObject(
  {
    between: z
      .array(z.number("a number"), "two numbers such as [0, 30], the smaller one first")
      .length(2, { error: "two numbers such as [0, 30], the smaller one first", abort: true })
      .refine(([low = 0, high = 0]) => low <= high, "two numbers such as [0, 30], the smaller one first")
      .describe("Smallest and largest value"),
    seed: z
      .int(seed)
      .gte(1, seed)
      .lt(MODULUS, seed)
      .optional()
      .describe("Another seed gives other values; by default it is derived from the names of pipeline and service"),
  },
  "a mapping such as { between: [0, 30] }",
);

const sequence = z
  .strictObject(
    {
      start: z.number("a number").default(0).describe("The first value"),
      step: z.number("a number").default(1).describe("Difference between one value and the next"),
    },
    "a mapping such as { start: 0, step: 1 }",
  )
  .nullable();

const source = z.strictObject(
  {
    file: z
      .string("the path of a file, relative to this one")
      .optional()
      .describe("File of values, with a path relative to this file; each value becomes a record"),
    follow: z
      .boolean("true or false")
      .default(false)
      .describe("Whether to read a file on the host, such as /var/log/sensor.txt, as it grows"),
    random: random.optional().describe("Instead of a file: uniform random numbers, the same in every run"),
    sequence: sequence.optional().describe("Instead of a file: 0, 1, 2, ..."),
    format: format.describe(
      "Format of a file: numbers separated by white space, or json or text with one value per line",
    ),
    every: duration.default("1s").describe("Time between two records; with 0s, as fast as the topic takes them"),
    count: count("a whole number >= 1")
      .optional()
      .describe("For random and sequence: how many records to send; by default no limit"),
  },
  "a mapping such as { file: ../data/values.txt, every: 1s }",
);

/** An operator's name, or its name over its parameters. What may stand in it is known only once operators are loaded. */
export const step = z.union(
  [z.string(), z.record(z.string(), z.unknown())],
  "the name of an operator, or its name over its parameters as in { ewma: { alpha: 0.5 } }",
);

/** The name of a filter, or its name over its parameters, with the field that it looks at; the rules see to that. */
export const filter = z.unknown();

const branch = z.union(
  [
    topicName,
    z.record(z.string().meta({ pattern: TOPIC_NAME.source }), filter).meta({ minProperties: 1, maxProperties: 1 }),
  ],
  "a topic over its filter as in hot: { threshold: { above: 75 } }, or the name of a topic for all that is left",
);

const sink = z.union(
  [
    z.literal("log"),
    z.strictObject({
      log: z
        .strictObject({
          stages: z
            .boolean("true or false")
            .default(false)
            .describe("Whether to print each value with every stage that it passed through"),
        })
        .nullable(),
    }),
    z.strictObject({
      file: z
        .string(FILE_NAME.expected)
        .regex(FILE_NAME.pattern, FILE_NAME.expected)
        .describe("Name of a file on the host, in /var/lib/bramble-SERVICE, with one line per value"),
      format: format.describe("Format of its lines: JSON numbers, any JSON, or text as it is"),
    }),
  ],
  "log, { log: { stages: true } }, or { file: means.txt, format: number }",
);

const service = z.strictObject(
  {
    on: z
      .union(
        [host, z.array(host).min(1, "at least one host")],
        "the name of a host under cluster/hosts, or a list such as [rpi1, rpi2]",
      )
      .describe("Host that the service runs on, or a list of hosts for its replicas"),
    replicas: count("a whole number >= 1")
      .optional()
      .describe("Number of replicas, which share the partitions that the service reads; by default one on each host"),
    from: z
      .union(
        [topicName, z.array(topicName).min(1)],
        "the name of a topic, or a list of names such as [indoors, outdoors]",
      )
      .optional()
      .describe("Topic to read, or a list of topics to merge; either from or source"),
    source: source.optional().describe("Source of values other than a topic; either source or from"),
    apply: z
      .array(step, "a list of operators such as [round]")
      .default([])
      .describe("Operators, in the order in which a record passes through them"),
    to: z
      .union(
        [topicName, z.array(branch).min(1)],
        "the name of a topic, or a list of branches such as - hot: { threshold: { above: 75 } }",
      )
      .optional()
      .describe(
        "Topic to write, or a list of branches: a value goes to the first one that takes it; either to or sink",
      ),
    sink: sink
      .optional()
      .describe("Where values end: log prints them to the journal, a file gets one line for each; either sink or to"),
    maxAhead: duration
      .default(DEFAULT_MAX_AHEAD)
      .describe(
        "How far ahead of the clock a record's event time may be; one that is further ahead goes to the dead letters",
      ),
    processingGuarantee: z
      .enum(PROCESSING_GUARANTEES, PROCESSING_GUARANTEES.join(" or "))
      .default("exactly_once")
      .describe(
        "With at_least_once, a failure may cause records to be processed twice, but it costs less and is faster",
      ),
  },
  "a mapping such as { on: rpi0, from: a, to: b }",
);

export const pipelineShape = z.strictObject(
  {
    cluster: cluster.describe("The hosts and the daemons on them"),
    topics: named(TOPIC_NAME, topic, "a mapping of topics such as { temperature: { partitions: 1 } }")
      .nullish()
      .describe(
        "Topics with more than one partition or replica, another format or settings, and topics written from outside",
      ),
    services: named(SERVICE_NAME, service, "a mapping of services")
      .nullish()
      .describe("Services, which read, compute and write; each is a systemd unit"),
  },
  "a mapping with cluster, topics and services",
);

export type PipelineShape = z.output<typeof pipelineShape>;
