import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { openDriver } from "bramble/test";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bramble-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function written(text: string, values = "1"): string {
  writeFileSync(join(folder, "values.txt"), values);
  writeFileSync(join(folder, "p.yaml"), `cluster: { hosts: { rpi0: 10.42.0.250 } }\n${text}`);
  return join(folder, "p.yaml");
}

test("time stands still until it is told to pass, and sources send what falls due", async () => {
  const driver = await openDriver("pipelines/kafka_chaining.yaml");
  expect(driver.values("temperatures_fahrenheit")).toEqual([]);
  driver.pass(0);
  expect(driver.values("temperatures_fahrenheit")).toEqual([44.6]);
  driver.pass(2_999);
  expect(driver.values("temperatures_fahrenheit")).toEqual([44.6]);
  driver.pass(1);
  expect(driver.records("temperatures_fahrenheit")).toEqual([
    { key: null, value: 44.6, timestampMs: 0 },
    { key: null, value: 42.8, timestampMs: 3_000 },
  ]);
  driver.finish();
  expect(driver.values("temperatures_moving_average")).toHaveLength(8);
});

test("records from outside go through windows, keys and formats, to results, prints and dead letters", async () => {
  const driver = await openDriver(
    written(`
topics: { readings: { format: json }, means: { format: json } }
services:
  mean:
    on: rpi0
    from: readings
    apply:
      - extract-timestamp: { field: at }
      - select-key: { field: sensor }
      - time-window: { size: 1m, compute: [count, mean] }
        field: celsius
    to: means
  show: { on: rpi0, from: means, apply: [{ extract-field: { field: mean } }, { threshold: { above: 4 } }], sink: log }
`),
  );
  for (const [sensor, at, celsius] of [
    ["roof", 0, 4],
    ["cellar", 10_000, 3],
    ["roof", 59_999, 8],
    ["roof", 60_000, 1],
    ["roof", 59_000, 7],
    ["cellar", 61_000, 7],
  ])
    driver.send("readings", { sensor, at, celsius });
  driver.send("readings", { sensor: "roof" });
  expect(driver.records("means")).toEqual([
    { key: "roof", timestampMs: 59_999, value: { start: 0, end: 60_000, count: 2, mean: 6 } },
    { key: "cellar", timestampMs: 59_999, value: { start: 0, end: 60_000, count: 1, mean: 3 } },
  ]);
  expect(driver.printed("show").map((stages) => stages.at(-1))).toEqual([6]);
  expect(driver.deadLetters("mean").map(({ message }) => message)).toEqual([
    expect.stringMatching(/^time-window\(celsius\): late record of 1970-01-01T00:00:59.000Z/),
    'extract-timestamp: expected an object with field at, found {"sensor":"roof"}',
  ]);
});

test("a record that Kafka would refuse is a dead letter here too: too large, or without a key where the topic is compacted", async () => {
  const driver = await openDriver(
    written(`
topics:
  in: { format: text }
  short: { format: text, config: { max.message.bytes: 200, cleanup.policy: compact } }
services:
  con: { on: rpi0, from: in, to: short }
`),
  );
  driver.send("in", "warm", { key: "roof" });
  driver.send("in", "cold");
  driver.send("in", "x".repeat(200), { key: "roof" });
  expect(driver.values("short")).toEqual(["warm"]);
  expect(driver.deadLetters("con").map(({ message }) => message)).toEqual([
    "con: emitted a record without a key; short is compacted and takes none",
    "con: emitted a record of 229 bytes; short takes at most 139",
  ]);
});

test("a state that its changelog would not take is a dead letter here too, and the state stays as it was", async () => {
  mkdirSync(join(folder, "operators"));
  const hoard = `import { fold, string } from "bramble/operator";
    export const hoard = fold({ value: string(), initial: "", step: (_, s, x) => [s + x, [String(s.length)]] });`;
  writeFileSync(join(folder, "operators/hoard.ts"), hoard);
  const driver = await openDriver(
    written(`
topics: { in: { format: text } }
services:
  con: { on: rpi0, from: in, apply: [hoard], sink: log }
`),
  );
  for (const size of [500_000, 600_000, 400_000]) driver.send("in", "x".repeat(size), { key: "roof" });
  expect(driver.printed("con").map((stages) => stages.at(-1))).toEqual(["0", "500000"]);
  expect(driver.deadLetters("con").map(({ message }) => message)).toEqual([
    "hoard: its state would be a record of 1100041 bytes; its changelog takes at most 1048527",
  ]);
});

test("whatever an operator does wrong is a dead letter of the record, and the run goes on", async () => {
  mkdirSync(join(folder, "operators"));
  const odd = `import { flatMap, forward, number } from "bramble/operator";
    export const odd = flatMap({ value: number(), step: (_, x): unknown[] => [
      x, 1 / x, x === 2 ? { get two() { throw new Error("no two"); } } : x === 3 ? forward(x, { timestampMs: 0.5 }) : 1 ] });`;
  writeFileSync(join(folder, "operators/odd.ts"), odd);
  const driver = await openDriver(
    written("services: { con: { on: rpi0, source: { file: values.txt }, apply: [odd], to: out } }", "0 1 2 3 4"),
  );
  driver.finish();
  expect(driver.values("out")).toEqual([1, 1, 1, 4, 0.25, 1]);
  expect(driver.deadLetters("con").map(({ message }) => message)).toEqual([
    "odd: emitted Infinity; expected a finite number",
    expect.stringContaining("expected a finite number"),
    expect.stringContaining("odd: forwarded the time 0.5; expected whole milliseconds"),
  ]);
});

test("a stage that JSON cannot write does not keep a log from showing the last one", async () => {
  mkdirSync(join(folder, "operators"));
  const circle = `import { map, number } from "bramble/operator";
    export const circle = map({ value: number(), step: (_, x): object => { const it = { x, it: {} }; it.it = it; return it; } });`;
  writeFileSync(join(folder, "operators/circle.ts"), circle);
  const driver = await openDriver(
    written(`
topics: { in: }
services:
  con: { on: rpi0, from: in, apply: [circle, { extract-field: { field: x } }], sink: log }
`),
  );
  driver.sendText("in", "1.0");
  expect(driver.deadLetters("con")).toEqual([]);
  expect(driver.printedTexts("con")).toEqual([["1.0", "a value of type object that JSON cannot write", "1"]]);
});

test("a list of topics is merged with one state for each key; a value goes to the first branch that takes it", async () => {
  const driver = await openDriver(
    written(`
topics: { indoors: { format: json }, outdoors: { format: json }, hot: { format: json } }
services:
  both:
    on: rpi0
    from: [indoors, outdoors]
    apply: [{ select-key: { field: sensor } }, { moving-average: { over: 2 }, field: celsius }]
    to:
      - hot: { threshold: { above: 30 }, field: celsius }
      - mild: { threshold: { above: 20 }, field: celsius }
  show: { on: rpi0, from: hot, sink: log }
`),
  );
  for (const [topic, sensor, celsius] of [
    ["indoors", "a", 30],
    ["outdoors", "a", 40],
    ["outdoors", "b", 10],
    ["indoors", "b", 20],
    ["indoors", "a", 0],
  ] as const)
    driver.send(topic, { sensor, celsius });
  // A topic of numbers does not take an object: what would go to mild is refused.
  expect(driver.records("hot")).toMatchObject([{ key: "a", value: { sensor: "a", celsius: 35 } }]);
  expect(driver.values("mild")).toEqual([]);
  expect(driver.printed("show")).toEqual([[{ sensor: "a", celsius: 35 }]]);
  expect(driver.deadLetters("both")).toEqual([]);
  driver.send("indoors", { sensor: "a", celsius: 50 });
  expect(driver.deadLetters("both").map(({ message }) => message)).toEqual([
    'moving-average(celsius): emitted {"sensor":"a","celsius":25}; expected a finite number',
  ]);
});

test("a file that is followed gets what a test gives it, right or wrong", async () => {
  const driver = await openDriver(
    written("services: { tail: { on: rpi0, source: { file: /var/log/x, follow: true }, to: a } }"),
  );
  driver.finish();
  driver.pass(500);
  driver.grow("tail", 7, "?", 8);
  expect(driver.records("a").map(({ timestampMs, value }) => [timestampMs, value])).toEqual([
    [500, 7],
    [500, 8],
  ]);
  expect(driver.deadLetters("tail").map(({ message }) => message)).toEqual(['tail: expected format number, found "?"']);
});

test("beside one that is slow, a source without an end goes on up to 100,000 values; one with an end gives all", async () => {
  const driver = await openDriver(
    written(
      `
services:
  fast: { on: rpi0, source: { sequence: {}, every: 10ms }, to: ticks }
  slow: { on: rpi0, source: { file: values.txt, every: 1d }, to: daily }
  late: { on: rpi0, source: { sequence: {}, every: 1h }, to: hours }
  many: { on: rpi0, source: { sequence: {}, every: 1ms, count: 100001 }, to: counted }
`,
      "10 30 20",
    ),
  );
  driver.finish();
  expect(["ticks", "daily", "hours", "counted"].map((topic) => driver.values(topic).length)).toEqual([
    100_000, 3, 100, 100_001,
  ]);
  expect(["fast", "slow", "late", "many"].map((service) => driver.cutAfter(service))).toEqual([
    100_000,
    undefined,
    undefined,
    undefined,
  ]);
  // Time does not go back for what is not sent any more.
  driver.pass(3_600_000);
  expect(driver.values("ticks")).toHaveLength(100_000);
  expect(driver.values("hours")).toHaveLength(101);
});

test("several services that write one topic merge their streams; several that read it branch it", async () => {
  const driver = await openDriver(
    written(
      `
topics: { outside: }
services:
  own: { on: rpi0, source: { file: values.txt, every: 2s }, to: all }
  other: { on: rpi0, from: outside, to: all }
  warm: { on: rpi0, from: all, apply: [{ threshold: { above: 20 } }], to: warm }
  every: { on: rpi0, from: all, sink: log }
`,
      "10 30 20",
    ),
  );
  driver.pass(1_000);
  driver.send("outside", 25);
  driver.finish();
  expect(driver.records("all").map(({ timestampMs, value }) => [timestampMs, value])).toEqual([
    [0, 10],
    [1_000, 25],
    [2_000, 30],
    [4_000, 20],
  ]);
  expect(driver.values("warm")).toEqual([25, 30]);
  expect(driver.printed("every")).toHaveLength(4);
});

test("what is not what its topic says is refused by who reads it", async () => {
  const driver = await openDriver(written("topics: { a: }\nservices: { con: { on: rpi0, from: a, sink: log } }"));
  for (const value of ["7", 7, { celsius: 7 }]) driver.send("a", value);
  expect(driver.printed("con")).toEqual([[7]]);
  expect(driver.deadLetters("con").map(({ message }) => message)).toEqual([
    'con: expected format number, found "7"',
    'con: expected format number, found {"celsius":7}',
  ]);
});

test("a name that is none is told with those that are", async () => {
  const driver = await openDriver("pipelines/kafka_example.yaml");
  expect(() => driver.values("temperatur")).toThrow('there is no topic "temperatur"; expected one of temperature');
  expect(() => driver.send("x", 1)).toThrow('there is no topic "x"; expected one of temperature');
  expect(() => driver.printed("x")).toThrow('there is no service "x"; expected one of pro, con');
});

test("numbers that no double holds come through, and are two keys, as on the cluster", async () => {
  const driver = await openDriver(
    written(`
topics: { readings: { format: json }, kept: { format: json }, ids: }
services:
  keep:
    on: rpi0
    from: readings
    apply: [{ select-key: { field: id } }, { round: , field: x }]
    to: kept
  ids: { on: rpi0, from: kept, apply: [{ extract-field: { field: id } }], to: ids }
  file: { on: rpi0, from: kept, sink: { file: kept.jsonl, format: json } }
  show: { on: rpi0, from: ids, sink: log }
`),
  );
  const ids = ["9007199254740992", "9007199254740993"];
  for (const id of ids) driver.sendText("readings", `{ "id":${id},\n  "x":1.50, "note":"\\u00e9" }`);
  expect(driver.records("kept").map(({ key }) => key)).toEqual(ids);
  expect(driver.texts("kept")).toEqual(ids.map((id) => `{ "id":${id},\n  "x":2, "note":"\\u00e9" }`));
  expect(driver.lines("file")).toEqual(ids.map((id) => `{ "id":${id},"x":2, "note":"\\u00e9" }`));
  expect(driver.texts("ids")).toEqual(ids);
  expect(driver.printedTexts("show")).toEqual(ids.map((id) => [id]));
});

test("with a clock, time starts there, and a record too far ahead of it is a dead letter until time has come closer", async () => {
  const file = written(`
topics: { readings: { format: json } }
services:
  beat: { on: rpi0, source: { file: values.txt }, to: beats }
  counts:
    on: rpi0
    from: readings
    apply: [{ extract-timestamp: { field: at } }, { time-window: { size: 1m, compute: count }, field: celsius }]
    to: counts
  patient: { on: rpi0, from: readings, apply: [{ extract-timestamp: { field: at } }], sink: log, maxAhead: 2d }
`);
  const driver = await openDriver(file, { clock: "2026-11-29T12:00:00Z" });
  const send = (at: string) => driver.send("readings", { at, celsius: 1 });
  send("2026-11-29T12:00:00Z");
  send("2026-11-30T12:00:00Z");
  send("2026-11-29T12:01:00Z");
  expect(driver.values("counts")).toEqual([1]);
  expect(driver.deadLetters("counts").map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^extract-timestamp: event time 2026-11-30T12:00:00.000Z is more than 30m \(maxAhead\) ahead/,
    ),
  ]);
  driver.pass(86_400_000);
  send("2026-11-30T12:00:00Z");
  expect(driver.values("counts")).toEqual([1, 1]);
  expect(driver.printed("patient")).toHaveLength(4);
  expect(driver.records("beats")).toEqual([{ key: null, value: 1, timestampMs: Date.UTC(2026, 10, 29, 12) }]);
});

test("without a clock no event time is too far ahead", async () => {
  const driver = await openDriver(written("topics: { t: }\nservices: { out: { on: rpi0, from: t, sink: log } }"));
  driver.send("t", 1, { timestampMs: Date.UTC(2099) });
  expect(driver.printed("out")).toEqual([[1]]);
});

test.each(["noon", "2026-02-30T12:00:00Z", "2026-11-29T12:00:00"])("%s is no time for a clock", async (clock) => {
  await expect(openDriver("pipelines/kafka_chaining.yaml", { clock })).rejects.toThrow(
    `clock: expected a time such as 2026-11-29T12:00:00Z, found ${clock}`,
  );
});
