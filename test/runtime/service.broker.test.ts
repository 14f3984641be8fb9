import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, jest, test } from "@jest/globals";
import type { ServiceSpec } from "../../runtime/service-spec.ts";
import { eventually } from "../../testing/eventually.ts";
import { journals, type RunningService, startReady, startService } from "../../testing/running-service.ts";
import { file, log, Pipeline, step } from "../../testing/service-specs.ts";
import { clientIds, configure, write } from "../../testing/topics.ts";
import { useBroker } from "../../testing/use-broker.ts";

jest.setTimeout(90_000);

const { broker, reader, outputs } = useBroker();
let pipeline: Pipeline;

beforeEach(() => {
  pipeline = new Pipeline(broker);
});

function chaining(everyMs: number): ServiceSpec[] {
  const fahrenheit = pipeline.stream("fahrenheit");
  const above = pipeline.stream("above");
  const ewma = pipeline.stream("ewma");
  const average = pipeline.stream("average");
  return [
    pipeline.service("pro", { input: file(everyMs), apply: [step("celsius-to-fahrenheit")], output: fahrenheit }),
    pipeline.service("con1", { input: fahrenheit, apply: [step("threshold", { above: 50 })], output: above }),
    pipeline.service("con2", { input: above, apply: [step("ewma", { alpha: 0.5 })], output: ewma }),
    pipeline.service("out_ewma", { input: ewma, output: log }),
    pipeline.service("con3", { input: above, apply: [step("moving-average", { over: 3 })], output: average }),
    pipeline.service("out_avg", { input: average, output: log }),
  ];
}

const INPUT = "7 6 9 14 12 17 9 13 11 12 13 16 16 19";
const ABOVE = "57.2 53.6 62.6 55.4 51.8 53.6 55.4 60.8 60.8 66.2".split(" ");
const EWMA = "55.400000000000006 59 57.2 54.5 54.05 54.724999999999994 57.762499999999996 59.28125 62.740625".split(
  " ",
);
const AVERAGE = "57.800000000000004 57.199999999999996 56.6 53.599999999999994 53.6 56.6 59 62.6".split(" ");

function kcat(input: string, ...args: string[]): string {
  return execFileSync("kcat", ["-q", "-b", broker.bootstrapServer, ...args], { input, encoding: "utf8" });
}

const values = (records: readonly { value: string | null }[] = []) => records.map(({ value }) => value);

test.each(["upstream", "downstream"])("kafka_chaining gives the known answers, started %s first", async (first) => {
  const specs = chaining(20);
  await pipeline.createTopics(specs);
  const services: RunningService[] = [];
  for (const spec of first === "upstream" ? specs : specs.toReversed()) {
    services.push(await startService(spec, { files: { "input.txt": INPUT } }));
  }
  const printedBy = (name: string) => services.find((each) => each.name === name)?.printed() ?? [];
  await eventually(
    () => printedBy("out_ewma").length >= EWMA.length && printedBy("out_avg").length >= AVERAGE.length,
    journals(services),
  );
  expect(printedBy("out_ewma")).toEqual(EWMA);
  expect(printedBy("out_avg")).toEqual(AVERAGE);
  const read = await reader.read(
    pipeline.topic("fahrenheit"),
    pipeline.topic("above"),
    pipeline.topic("ewma"),
    pipeline.topic("average"),
  );
  expect(read[pipeline.topic("fahrenheit")]).toHaveLength(14);
  expect(values(read[pipeline.topic("above")])).toEqual(ABOVE);
  expect(values(read[pipeline.topic("ewma")])).toEqual(EWMA);
  expect(values(read[pipeline.topic("average")])).toEqual(AVERAGE);
});

test("services killed in the middle go on where they were: the same outputs, none twice", async () => {
  const specs = chaining(5).filter(({ output }) => output.kind === "topic");
  await pipeline.createTopics(specs);
  const celsius = Array.from({ length: 300 }, (_, i) => 10 + ((i * 7919) % 100) / 10);
  const options = { files: { "input.txt": celsius.join("\n") } };
  let services = await startReady(specs, options);
  for (const atLeast of [30, 90]) {
    await outputs(pipeline.topic("average"), atLeast, ...services);
    expect(await Promise.all(services.map((each) => each.stop("SIGKILL")))).toEqual(Array(4).fill("SIGKILL"));
    services = await startReady(specs, options);
  }
  const fahrenheit = celsius.map((c) => (c * 9) / 5 + 32);
  const above = fahrenheit.filter((f) => f > 50);
  const average = above.slice(2).map((f, i) => ((above[i] as number) + (above[i + 1] as number) + f) / 3);
  const ewma: number[] = [];
  above.reduce((state, f) => {
    ewma.push(0.5 * f + 0.5 * state);
    return ewma.at(-1) as number;
  });
  const wanted = { fahrenheit, above, ewma, average };
  await outputs(pipeline.topic("average"), average.length, ...services);
  await outputs(pipeline.topic("ewma"), ewma.length, ...services);
  const read = await reader.read(...Object.keys(wanted).map((name) => pipeline.topic(name)));
  for (const [name, each] of Object.entries(wanted)) {
    expect({ [name]: values(read[pipeline.topic(name)]) }).toEqual({
      [name]: each.map((value) => JSON.stringify(value)),
    });
  }
});

test("poison records go to the dead-letter topic with cause and origin, and the stream goes on", async () => {
  const picky = join(mkdtempSync(join(tmpdir(), "bramble-operator-")), "picky.ts");
  writeFileSync(
    picky,
    `import { map, number } from "bramble/operator";
    export const picky = map({
      value: number(),
      step: (_, x) => {
        if (x === 13) throw new Error("13 brings bad luck");
        return 1 / x;
      },
    });`,
  );
  const spec = pipeline.service("con1", {
    input: pipeline.stream("in"),
    apply: [step("picky")],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([spec]);
  await write(broker, pipeline.topic("in"), [
    { value: "2" },
    { value: "warm", key: "kitchen", headers: { sensor: "a" } },
    { value: "" },
    { value: null },
    { value: "1e309" },
    { value: Buffer.from([0xff, 0xfe]) },
    { value: "13" },
    { value: "0" },
    { value: "4", key: "kitchen" },
  ]);
  const con1 = await startService(spec, { operators: { picky } });
  await outputs(pipeline.topic("out"), 2, con1);

  const deadLetters = spec.deadLetterTopic as string;
  const { [pipeline.topic("out")]: out, [deadLetters]: dead } = await reader.read(pipeline.topic("out"), deadLetters);
  expect(out).toMatchObject([
    { key: null, value: "0.5" },
    { key: "kitchen", value: "0.25" },
  ]);
  expect(dead?.map(({ value, headers }) => [headers["bramble.offset"], value, headers["bramble.cause"]])).toEqual([
    ["1", "warm", 'expected a JSON number, found "warm"'],
    ["2", "", "expected a JSON number, found an empty value"],
    ["3", null, "expected a JSON number, found no value (a tombstone)"],
    ["4", "1e309", 'expected a number that fits a double (at most 1.8e308), found "1e309"'],
    ["5", "\\xff\\xfe", 'expected a JSON number, found "\ufffd\ufffd"'],
    ["6", "13", "picky: 13 brings bad luck"],
    ["7", "0", "picky: emitted Infinity; expected a finite number"],
  ]);
  expect(dead?.[0]).toMatchObject({
    key: "kitchen",
    headers: {
      sensor: "a",
      "bramble.service": "con1",
      "bramble.topic": pipeline.topic("in"),
      "bramble.partition": "0",
    },
  });
  expect(dead?.map(({ headers }) => headers["bramble.operator"])).toEqual([
    ...Array(5).fill(undefined),
    "picky",
    "picky",
  ]);
  expect(con1.journal()).toContain(
    `<4>${pipeline.topic("in")}/0@1: expected a JSON number, found "warm", and 6 more soon after`,
  );
});

test("a file source goes on where it left off, and starts anew with another file", async () => {
  const spec = (everyMs: number) => pipeline.service("pro", { input: file(everyMs), output: pipeline.stream("out") });
  await pipeline.createTopics([spec(50)]);
  const start = (input: string, everyMs = 50) => startService(spec(everyMs), { files: { "input.txt": input } });
  const out = pipeline.topic("out");

  // So slow that it is in the middle when it is stopped, however busy the machine is.
  const first = await start("1 2 3 4 5 6 7 8 9 10", 5_000);
  await outputs(out, 1, first);
  expect(await first.stop()).toBe(0);
  const before = await reader.values(out);
  expect(before.length).toBeGreaterThan(0);
  expect(before.length).toBeLessThan(10);

  const second = await start("1 2 3 4 5 6 7 8 9 10");
  expect(await outputs(out, 10, second)).toEqual("1 2 3 4 5 6 7 8 9 10".split(" "));
  expect(second.isRunning()).toBe(true);
  await second.stop();

  const third = await start("11 12");
  expect(await outputs(out, 12, third)).toEqual("1 2 3 4 5 6 7 8 9 10 11 12".split(" "));
});

test("a service that is stopped under load leaves its group and ends soon, and its successor goes on", async () => {
  const spec = pipeline.service("con1", {
    input: pipeline.stream("in"),
    apply: [step("moving-average", { over: 3 })],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([spec]);
  const input = Array.from({ length: 40_000 }, (_, i) => i % 100);
  await write(
    broker,
    pipeline.topic("in"),
    input.map((value) => ({ value: String(value), partition: 0 })),
  );
  const con1 = await startService(spec);
  await con1.ready();
  expect(await con1.stop()).toBe(0);
  // One that had not left would be a member until its session ends, 6 s after its last heartbeat.
  expect(await clientIds(broker, spec.groupId)).toEqual([]);

  const successor = await startService(spec);
  await successor.ready();
  const wanted = input.slice(2).map((x, i) => ((input[i] as number) + (input[i + 1] as number) + x) / 3);
  expect(await outputs(pipeline.topic("out"), wanted.length, con1, successor)).toEqual(
    wanted.map((value) => JSON.stringify(value)),
  );
});

test("a copy of a source that was replaced by another stops and says so, and nothing is sent twice", async () => {
  const spec = pipeline.service("pro", { input: file(400), output: pipeline.stream("out") });
  await pipeline.createTopics([spec]);
  const start = (replica: number) => startService(spec, { replica, files: { "input.txt": INPUT } });
  const first = await start(1);
  await first.ready();
  const second = await start(2);
  expect(await first.exit()).toBe(1);
  expect(first.journal()).toMatch(
    /^<3>pro: another copy of this service has taken over its transactional id pipeline\d+-[\da-f]+-pro-0/m,
  );
  expect(await outputs(pipeline.topic("out"), 14, second)).toEqual(INPUT.split(" "));
});

test("partitions that a topic gets are read by the service that runs, each with a state of its own", async () => {
  const con1 = pipeline.service("con1", {
    input: pipeline.stream("in"),
    apply: [step("ewma", { alpha: 0.5 })],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([con1]);
  const service = await startService(con1);
  await service.ready();
  const feed = (partition: number, ...numbers: number[]) =>
    write(
      broker,
      pipeline.topic("in"),
      numbers.map((value) => ({ value: String(value), partition })),
    );
  await feed(0, 1, 3);
  await outputs(pipeline.topic("out"), 1, service);
  for (const topic of [pipeline.topic("in"), con1.changelogTopic ?? ""]) {
    broker.tool("kafka-topics.sh", "--alter", "--topic", topic, "--partitions", "2");
  }
  await feed(1, 100, 300);
  await feed(0, 6);
  const averages = await outputs(pipeline.topic("out"), 3, service);
  expect(averages.map(Number).sort((a, b) => a - b)).toEqual([2, 4, 200]);
  expect(service.isRunning()).toBe(true);
});

test("copies of a service share its partitions, and state follows its partition from one to the other", async () => {
  const spec = pipeline.service("con1", {
    input: pipeline.stream("in"),
    apply: [step("moving-average", { over: 2 })],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([spec], 2);
  const send = (start: number, count: number) =>
    write(
      broker,
      pipeline.topic("in"),
      Array.from({ length: 2 * count }, (_, i) => ({ value: String(start + Math.floor(i / 2)), partition: i % 2 })),
    );
  const out = pipeline.topic("out");

  const first = await startService(spec);
  await send(0, 10);
  await outputs(out, 2 * 9, first);
  const second = await startService(spec, { replica: 2 });
  await eventually(
    () => /partition \d$/m.test(first.journal()) && /partition \d$/m.test(second.journal()),
    journals([first, second]),
  );
  await send(10, 10);
  await outputs(out, 2 * 19, first, second);
  expect(await first.stop()).toBe(0);
  await send(20, 10);
  await outputs(out, 2 * 29, second);

  const wanted = Array.from({ length: 29 }, (_, i) => String(i + 0.5));
  const { [out]: records = [] } = await reader.read(out);
  for (const partition of [0, 1]) {
    expect(values(records.filter((each) => each.partition === partition))).toEqual(wanted);
  }
});

test("records that Kafka deleted before they were read are told of, and what is left goes through once", async () => {
  const [input, output] = [pipeline.stream("in"), pipeline.stream("out")];
  const spec = pipeline.service("late", { input, output });
  await pipeline.createTopics([spec]);
  const send = (...sent: number[]) =>
    write(
      broker,
      input.topic,
      sent.map((value) => ({ value: `${value}` })),
    );
  const deleteBefore = (offset: number) => {
    const offsets = { version: 1, partitions: [{ topic: input.topic, partition: 0, offset }] };
    const list = join(mkdtempSync(join(tmpdir(), "bramble-deleted-")), "offsets.json");
    writeFileSync(list, JSON.stringify(offsets));
    broker.tool("kafka-delete-records.sh", "--offset-json-file", list);
  };
  await send(0, 1);
  const [first] = await startReady([spec]);
  await outputs(output.topic, 2, ...(first ? [first] : []));
  expect(await first?.stop()).toBe(0);

  await send(2, 3, 4, 5);
  deleteBefore(4);
  const service = await startService(spec);
  expect(await outputs(output.topic, 4, service)).toEqual(["0", "1", "4", "5"]);
  expect(service.journal()).toContain(`${input.topic}/0: offsets 2 to 3 were deleted before they were read`);

  // With nothing left it waits for what comes.
  await service.stop();
  await send(6, 7);
  deleteBefore(8);
  const again = await startService(spec);
  await eventually(() => again.journal().includes("were deleted"), journals([again]));
  await send(8);
  expect(await outputs(output.topic, 5, again)).toEqual(["0", "1", "4", "5", "8"]);
});

test("any Kafka client can take part: kcat writes, kcat reads", async () => {
  const spec = pipeline.service("con1", {
    input: pipeline.stream("in"),
    apply: [step("threshold", { above: 50 })],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([spec]);
  const con1 = await startService(spec);
  kcat("57.2\n48.2\n53.6\n", "-P", "-t", pipeline.topic("in"));
  await outputs(pipeline.topic("out"), 2, con1);
  expect(
    kcat("", "-C", "-t", pipeline.topic("out"), "-o", "beginning", "-e", "-X", "isolation.level=read_committed"),
  ).toBe("57.2\n53.6\n");
});

test("records compressed by any codec are read, from Java's producers and from librdkafka's", async () => {
  const spec = pipeline.service("con1", { input: pipeline.stream("in"), output: pipeline.stream("out") });
  await pipeline.createTopics([spec]);
  const input = Array.from({ length: 300 }, (_, i) => String(i % 7));
  for (const codec of ["gzip", "snappy", "lz4", "zstd"]) {
    // The broker compresses what comes to the topic, with Kafka's own Java codecs.
    await configure(broker, pipeline.topic("in"), { "compression.type": codec });
    await write(
      broker,
      pipeline.topic("in"),
      input.map((value) => ({ value })),
    );
    kcat(`${input.join("\n")}\n`, "-P", "-z", codec, "-t", pipeline.topic("in"));
  }
  const con1 = await startService(spec);
  expect(await outputs(pipeline.topic("out"), 8 * input.length, con1)).toEqual(Array(8).fill(input).flat());
});

test("a log sink prints every stage of every record", async () => {
  const chain = [step("celsius-to-fahrenheit"), step("add-noise", { amplitude: 1, seed: 1 }), step("round")];
  const spec = pipeline.service("con", {
    input: pipeline.stream("in"),
    apply: chain,
    output: { kind: "log", stages: true },
  });
  await pipeline.createTopics([spec]);
  await write(broker, pipeline.topic("in"), [{ value: "20" }, { value: "21" }]);
  const con = await startService(spec);
  await eventually(() => con.printed().length >= 2, con.journal);
  expect(con.printed()).toEqual([
    expect.stringMatching(/^20 -> 68 -> 6[789]\.\d+ -> 6[789]$/),
    expect.stringMatching(/^21 -> 69\.8 -> /),
  ]);
});
