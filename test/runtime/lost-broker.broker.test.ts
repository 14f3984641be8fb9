import { appendFileSync, mkdtempSync, readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, jest, test } from "@jest/globals";
import type { ServiceSpec } from "../../runtime/service-spec.ts";
import { eventually } from "../../testing/eventually.ts";
import { journals, linesOf, type RunningService, startService, stateOf } from "../../testing/running-service.ts";
import { file, Pipeline, step } from "../../testing/service-specs.ts";
import { write } from "../../testing/topics.ts";
import { useOwnBroker } from "../../testing/use-broker.ts";

jest.setTimeout(120_000);

const { broker, reader, outputs } = await useOwnBroker();
let pipeline: Pipeline;

beforeEach(() => {
  pipeline = new Pipeline(broker);
});

const INPUT = "7 6 9 14 12 17 9 13 11 12 13 16 16 19";

test("a service waits for topics that are not there yet, and survives the loss of the broker", async () => {
  const con1 = pipeline.service("con1", {
    input: pipeline.stream("in"),
    apply: [step("ewma", { alpha: 0.5 })],
    output: pipeline.stream("out"),
  });
  const pro = pipeline.service("pro", { input: file(20), output: pipeline.stream("in") });
  const services = await Promise.all([con1, pro].map((spec) => startService(spec, { files: { "input.txt": INPUT } })));
  await eventually(
    () => services.some((each) => each.journal().includes(`${pipeline.topic("in")}: the topic does not exist yet`)),
    journals(services),
  );
  expect(services.map((each) => each.notifications())).not.toContain(expect.stringContaining("READY"));
  await pipeline.createTopics([con1, pro]);
  await Promise.all(services.map((each) => each.ready()));
  await broker.kill();
  await broker.restart();
  const averages = await outputs(pipeline.topic("out"), 13, ...services);
  expect(services.map((each) => each.isRunning())).toEqual([true, true]);
  const celsius = INPUT.split(" ").map(Number);
  const wanted: number[] = [];
  celsius.reduce((state, c) => {
    wanted.push(0.5 * c + 0.5 * state);
    return wanted.at(-1) as number;
  });
  expect(averages).toEqual(wanted.map((value) => JSON.stringify(value)));
});

/** Where the only segment of a topic's first partition is, while the broker runs. */
function segmentOf(topic: string): string {
  const described = broker.tool("kafka-log-dirs.sh", "--describe", "--topic-list", topic);
  const folder = join(/"logDir":"([^"]+)"/.exec(described)?.[1] ?? "", `${topic}-0`);
  return join(folder, readdirSync(folder).find((name) => name.endsWith(".log")) ?? "");
}

/** Cuts the batches from an offset on off a segment, as a power cut does with what the card had not got yet. */
function cutFrom(offset: bigint, segment: string): void {
  const bytes = readFileSync(segment);
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
    if (bytes.readBigInt64BE(at) < offset) continue;
    truncateSync(segment, at);
    return;
  }
  throw new Error(`${segment}: there is nothing from offset ${offset} on`);
}

test("after a power cut, a service goes on where the log ends, names what was lost, and reads what comes there", async () => {
  const spec = pipeline.service("sum", { input: pipeline.stream("in"), output: pipeline.stream("out") });
  await pipeline.createTopics([spec]);
  const [input, output] = [pipeline.topic("in"), pipeline.topic("out")];
  const send = (...values: number[]) =>
    write(
      broker,
      input,
      values.map((value) => ({ value: String(value) })),
    );
  const pullPlug = async (offset: bigint) => {
    const segment = segmentOf(input);
    await broker.kill();
    cutFrom(offset, segment);
    await broker.restart();
  };
  await send(0, 1);
  await send(2, 3);
  const stopped = await startService(spec);
  expect(await outputs(output, 4, stopped)).toEqual(["0", "1", "2", "3"]);
  await stopped.stop();
  await pullPlug(2n);
  const running = await startService(spec);
  const lost = (from: number, to: number) =>
    `${input}/0: offsets ${from} to ${to} were read, and then lost by the broker, whose log ended before them`;
  await eventually(() => running.journal().includes(lost(2, 3)), running.journal);
  await send(4, 5, 6);
  expect((await outputs(output, 7, running)).slice(4)).toEqual(["4", "5", "6"]);

  // The same while it runs.
  await send(7, 8);
  await outputs(output, 9, running);
  await pullPlug(5n);
  await eventually(() => running.journal().includes(lost(5, 6)), running.journal, 60_000);
  await send(9, 10, 11);
  expect((await outputs(output, 12, running)).slice(7)).toEqual(["7", "8", "9", "10", "11"]);
});

/** Whether all of its file is committed. */
async function isCommitted({ changelogTopic = "", ...spec }: ServiceSpec): Promise<boolean> {
  const { [changelogTopic]: entries = [] } = await reader.read(changelogTopic);
  const kept = entries.findLast(({ key }) => key?.startsWith("0/file/"));
  return JSON.parse(kept?.value ?? "{}").length === statSync(join(stateOf(spec), "out.txt")).size;
}

test("killed between writing lines and committing them, a service writes the very same file", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "bramble-follow-")), "sensor.txt");
  const spec = pipeline.service("out", {
    input: { kind: "follow", path },
    apply: [step("moving-average", { over: 1 })],
    output: { kind: "file", name: "out.txt" },
  });
  await pipeline.createTopics([spec]);
  const values = Array.from({ length: 300 }, (_, i) => String(i));
  const grow = (from: number, to: number) =>
    appendFileSync(
      path,
      values
        .slice(from, to)
        .map((v) => `${v}\n`)
        .join(""),
    );
  let out: RunningService = await startService(spec);
  const atLeast = (count: number) =>
    eventually(
      () => linesOf(spec, "out.txt").length >= count,
      () => out.journal(),
      60_000,
    );

  grow(0, 100);
  await atLeast(100);
  await eventually(
    () => isCommitted(spec),
    () => out.journal(),
  );
  // Without Kafka the lines of what the file gets are written, and their commit has to wait.
  await broker.kill();
  grow(100, 200);
  await atLeast(200);
  await out.stop("SIGKILL");
  appendFileSync(join(stateOf(spec), "out.txt"), "10"); // a line that was cut short as well
  await broker.restart();
  grow(200, 300);
  out = await startService(spec);
  await eventually(
    () => /removed \d+ bytes that were not committed/.test(out.journal()),
    () => out.journal(),
    60_000,
  );
  await atLeast(300);
  expect(linesOf(spec, "out.txt")).toEqual(values);
  expect(await out.stop()).toBe(0);
});
