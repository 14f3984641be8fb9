import { appendFileSync, mkdtempSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, jest, test } from "@jest/globals";
import { withCluster } from "../../replay/connect.ts";
import { moveGroup } from "../../replay/move-group.ts";
import { eventually } from "../../testing/eventually.ts";
import { linesOf, startService, stateOf } from "../../testing/running-service.ts";
import { file, Pipeline, step } from "../../testing/service-specs.ts";
import { write } from "../../testing/topics.ts";
import { useBroker } from "../../testing/use-broker.ts";

jest.setTimeout(120_000);

const { broker, reader, outputs } = useBroker();
let pipeline: Pipeline;

beforeEach(() => {
  pipeline = new Pipeline(broker);
});

test("a file is followed through kills and a new name, each line once, with what is no value among the dead letters", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "bramble-follow-")), "sensor.txt");
  const spec = pipeline.service("tail", {
    input: { kind: "follow", path },
    apply: [step("moving-average", { over: 1 })],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([spec]);
  const input = Array.from({ length: 600 }, (_, i) => String(i));
  const grow = (from: number, to: number) =>
    appendFileSync(
      path,
      input
        .slice(from, to)
        .map((line) => (line === "450" ? `${line} warm\n` : `${line}\n`))
        .join(""),
    );
  const atLeast = (count: number) => outputs(pipeline.topic("out"), count, tail);

  let tail = await startService(spec);
  grow(0, 100);
  await atLeast(1);
  grow(100, 300);
  renameSync(path, `${path}.1`);
  grow(300, 400);
  await tail.stop("SIGKILL");
  tail = await startService(spec);
  await atLeast(350);
  grow(400, 500);
  await tail.stop("SIGKILL");
  grow(500, 600);
  tail = await startService(spec);
  expect(await atLeast(input.length)).toEqual(input);
  const deadLetters = (await reader.read(spec.deadLetterTopic as string))[spec.deadLetterTopic as string];
  expect(deadLetters).toMatchObject([
    {
      value: "warm",
      headers: { "bramble.topic": "sensor.txt", "bramble.cause": 'expected a JSON number, found "warm"' },
    },
  ]);
});

const lines = (name = "out.txt") => ({ kind: "file", name }) as const;

test("killed again and again, and with its file given other names, it has written each line once", async () => {
  const spec = pipeline.service("out", { input: file(2), apply: [step("round")], output: lines() });
  await pipeline.createTopics([spec]);
  const values = Array.from({ length: 600 }, (_, i) => String(i));
  const start = () => startService(spec, { files: { "input.txt": values.join("\n") } });
  const rotated: string[] = [];
  const all = () => [...rotated, "out.txt"].flatMap((name) => linesOf(spec, name));
  let out = await start();
  // On a busy machine all may be there at once, some of it not committed: then there is nothing more to wait for.
  const more = async () => {
    const before = all().length;
    await eventually(() => all().length > before || all().length === values.length, out.journal, 60_000);
  };
  for (const name of ["out.txt.old", "out.txt.older", undefined]) {
    await more();
    if (name !== undefined) {
      renameSync(join(stateOf(spec), "out.txt"), join(stateOf(spec), name));
      rotated.push(name);
    }
    await more();
    await out.stop("SIGKILL");
    out = await start();
  }
  await eventually(
    () => all().length >= values.length,
    () => out.journal(),
    60_000,
  );
  expect(all()).toEqual(values);
});

test("what a replay brings again stands behind what is there", async () => {
  const spec = pipeline.service("out", { input: pipeline.stream("in"), output: lines() });
  await pipeline.createTopics([spec]);
  await write(
    broker,
    pipeline.topic("in"),
    ["1", "2", "3"].map((value) => ({ value })),
  );
  for (const wanted of ["123", "12323"]) {
    const out = await startService(spec);
    await eventually(
      () => linesOf(spec, "out.txt").join("") === wanted,
      () => `${linesOf(spec, "out.txt")} ${out.journal()}`,
    );
    expect(await out.stop()).toBe(0);
    await withCluster([broker.bootstrapServer], ({ kafka }) =>
      moveGroup(kafka, spec, 0, [{ topic: pipeline.topic("in"), offset: 1n }]),
    );
  }
});

test("each partition has a file of its own; what is no line goes to the dead letters", async () => {
  const text = { ...pipeline.stream("in"), format: "text" } as const;
  const spec = pipeline.service("out", { input: text, output: { ...lines("words.csv"), format: "text" } });
  await pipeline.createTopics([spec], 2);
  await write(broker, text.topic, [
    { value: "a,b", partition: 0 },
    { value: "two\nlines", partition: 0 },
    { value: "", partition: 0 },
    { value: "c", partition: 1 },
  ]);
  const out = await startService(spec);
  await outputs(spec.deadLetterTopic as string, 1, out);
  await eventually(() => linesOf(spec, "words.csv").length + linesOf(spec, "words-1.csv").length >= 3, out.journal);
  expect([linesOf(spec, "words.csv"), linesOf(spec, "words-1.csv")]).toEqual([["a,b", ""], ["c"]]);
  const deadLetters = (await reader.read(spec.deadLetterTopic as string))[spec.deadLetterTopic as string];
  expect(deadLetters).toMatchObject([
    {
      value: "two\nlines",
      headers: { "bramble.cause": expect.stringMatching(/emitted "two\\nlines"; expected text without a line break$/) },
    },
  ]);
});
