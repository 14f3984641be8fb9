import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, jest, test } from "@jest/globals";
import { eventually } from "../../testing/eventually.ts";
import { linesOf, startService } from "../../testing/running-service.ts";
import { Pipeline, step } from "../../testing/service-specs.ts";
import { configure, write } from "../../testing/topics.ts";
import { useBroker } from "../../testing/use-broker.ts";

jest.setTimeout(240_000);

const { broker, reader, outputs } = useBroker();
let pipeline: Pipeline;

beforeEach(() => {
  pipeline = new Pipeline(broker);
});

function operator(name: string, source: string): Record<string, string> {
  const path = join(mkdtempSync(join(tmpdir(), "bramble-operator-")), `${name}.ts`);
  writeFileSync(path, source);
  return { [name]: path };
}

/** Behind the last record, and the marks of transactions with it. */
function endOf(topic: string): number {
  const [, , end] = broker.tool("kafka-get-offsets.sh", "--topic", topic).trim().split(":");
  return Number(end);
}

/** Remembers a lot: 200 records make a hundred times more than was read. Gives how many it has seen of the key. */
const hoard = () =>
  operator(
    "hoard",
    `import { fold, number } from "bramble/operator";
    export const hoard = fold({
      value: number(),
      initial: { seen: 0, hoard: "" },
      step: (_, { seen, hoard }, x) => [{ seen: seen + 1, hoard: hoard + "x".repeat(20_000) }, [1000 * x + seen]],
    });`,
  );
const RECORDS = Array.from({ length: 200 }, (_, i) => i % 50);
const HOARDED = RECORDS.map((x, i) => String(1000 * x + Math.floor(i / 50)));

test("what one fetched run makes is committed in pieces, each once, also when the service is killed in between", async () => {
  const spec = pipeline.service("con", {
    input: pipeline.stream("in"),
    apply: [step("hoard")],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([spec]);
  await write(
    broker,
    pipeline.topic("in"),
    RECORDS.map((x) => ({ key: `key ${x}`, value: String(x) })),
  );
  const operators = hoard();
  const first = await startService(spec, { operators });
  await outputs(pipeline.topic("out"), 1, first);
  await first.stop("SIGKILL");
  const second = await startService(spec, { operators });
  expect(await outputs(pipeline.topic("out"), RECORDS.length, first, second)).toEqual(HOARDED);
  const transactions = endOf(pipeline.topic("out")) - RECORDS.length;
  expect(transactions).toBeGreaterThan(4);
});

test("so is what comes of lines that a file got at once, in a file too", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "bramble-follow-")), "sensor.txt");
  const spec = pipeline.service("tail", {
    input: { kind: "follow", path },
    // Without keys all is one state.
    apply: [step("hoard")],
    output: { kind: "file", name: "out.txt" },
  });
  await pipeline.createTopics([spec]);
  const values = Array.from({ length: 40 }, (_, i) => i);
  writeFileSync(path, values.map((x) => (x % 3 === 1 ? `${x} ` : `${x}\n`)).join(""));
  const operators = hoard();
  const first = await startService(spec, { operators });
  const atLeast = (count: number) => eventually(() => linesOf(spec, "out.txt").length >= count, first.journal, 60_000);
  await atLeast(1);
  await first.stop("SIGKILL");
  const second = await startService(spec, { operators });
  await second.ready();
  await atLeast(values.length);
  expect(linesOf(spec, "out.txt")).toEqual(values.map((x) => String(1001 * x)));
  expect(await second.stop()).toBe(0);
});

test("a state that its changelog would not take is a dead letter, and the service goes on from the state before", async () => {
  const spec = pipeline.service("con", {
    input: pipeline.stream("in"),
    apply: [step("dedupe", { within: 86_400_000, among: 1000 })],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([spec]);
  await configure(broker, spec.changelogTopic as string, { "cleanup.policy": "compact", "max.message.bytes": "2000" });
  const values = Array.from({ length: 150 }, (_, i) => String(i));
  const send = (some: readonly string[]) =>
    write(
      broker,
      pipeline.topic("in"),
      some.map((value) => ({ value })),
    );
  await send(values);
  const con = await startService(spec);
  const deadLetters = spec.deadLetterTopic as string;
  const fitting = await eventuallyAll(values.length);
  expect(fitting).toEqual(values.slice(0, fitting.length));
  expect(fitting.length).toBeGreaterThan(50);

  // What changes no state is no matter, and what was seen is still known.
  await send(["0", "149"]);
  expect(await eventuallyAll(values.length + 1)).toEqual(fitting);
  const { [deadLetters]: dead = [] } = await reader.read(deadLetters);
  expect(dead.map(({ value }) => value)).toEqual([...values.slice(fitting.length), "149"]);
  expect(dead[0]?.headers).toMatchObject({
    "bramble.operator": "dedupe",
    "bramble.cause": expect.stringMatching(
      /^dedupe: its state would be a record of \d+ bytes; its changelog takes at most 1939$/,
    ),
  });

  async function eventuallyAll(count: number) {
    let out: readonly (string | null)[] = [];
    await eventually(async () => {
      const read = await reader.read(pipeline.topic("out"), deadLetters);
      out = (read[pipeline.topic("out")] ?? []).map(({ value }) => value);
      return out.length + (read[deadLetters]?.length ?? 0) >= count;
    }, con.journal);
    return out;
  }
});

test("large batches of one partition do not keep the others waiting until its end", async () => {
  const spec = pipeline.service("con", {
    input: { ...pipeline.stream("in"), format: "text" },
    output: { ...pipeline.stream("out"), format: "text" },
  });
  await pipeline.createTopics([spec], 3);
  // Of when the service wrote them.
  await configure(broker, pipeline.topic("out"), { "message.timestamp.type": "LogAppendTime" });
  const large = "x".repeat(300_000);
  const records = [0, 1, 2].flatMap((partition) => Array.from({ length: 60 }, () => ({ partition, value: large })));
  await write(broker, pipeline.topic("in"), records);
  const con = await startService(spec);
  await outputs(pipeline.topic("out"), records.length, con);
  const { [pipeline.topic("out")]: written = [] } = await reader.read(pipeline.topic("out"));
  const times = [0, 1, 2].map((each) =>
    written.flatMap(({ partition, timestamp }) => (partition === each ? [timestamp] : [])),
  );
  const firsts = times.map((each) => Math.min(...each));
  const lasts = times.map((each) => Math.max(...each));
  expect(Math.max(...firsts)).toBeLessThan(Math.min(...lasts));
});

test("topics that take little at once get all in small batches: outputs, states and dead letters", async () => {
  const spec = pipeline.service("con", {
    input: pipeline.stream("in"),
    apply: [step("ewma", { alpha: 0.5 })],
    output: pipeline.stream("out"),
  });
  const plain = pipeline.service("plain", { input: pipeline.stream("in"), output: pipeline.stream("copy") });
  await pipeline.createTopics([spec, plain]);
  const small = { "max.message.bytes": "3000" };
  await configure(broker, pipeline.topic("out"), small);
  await configure(broker, pipeline.topic("copy"), small);
  await configure(broker, spec.changelogTopic as string, { ...small, "cleanup.policy": "compact" });
  for (const { deadLetterTopic } of [spec, plain]) await configure(broker, deadLetterTopic as string, small);
  const numbers = Array.from({ length: 4000 }, (_, i) => ({ key: `key ${i % 1000}`, value: String(i) }));
  const bad = Array.from({ length: 100 }, (_, i) => ({ value: `no number ${i}` }));
  await write(broker, pipeline.topic("in"), numbers);
  // What has no refusal in it goes from bytes to bytes.
  const copier = await startService(plain);
  expect(await outputs(pipeline.topic("copy"), numbers.length, copier)).toEqual(numbers.map(({ value }) => value));
  await write(broker, pipeline.topic("in"), bad);
  const con = await startService(spec);
  // Of each key the first value only seeds the average.
  expect(await outputs(pipeline.topic("out"), 3000, con)).toHaveLength(3000);
  for (const { deadLetterTopic } of [spec, plain]) {
    expect(await outputs(deadLetterTopic as string, bad.length, con, copier)).toEqual(bad.map(({ value }) => value));
  }
});
