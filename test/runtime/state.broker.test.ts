import { expect, jest, test } from "@jest/globals";
import type { Service } from "../../declaration/pipeline.ts";
import { advance, stateNameOf } from "../../operators/chain.ts";
import { ChainState } from "../../operators/chain-state.ts";
import type { Link } from "../../operators/message.ts";
import { runAt } from "../../operators/run.ts";
import { timeWindow } from "../../operators/time-window.ts";
import { stateKey } from "../../runtime/state.ts";
import { removalKey } from "../../runtime/unused-entries.ts";
import { startReady, startService } from "../../testing/running-service.ts";
import { Pipeline, step } from "../../testing/service-specs.ts";
import { write } from "../../testing/topics.ts";
import { useBroker } from "../../testing/use-broker.ts";
import { chainOf, editedService } from "../edited-service.ts";

jest.setTimeout(90_000);

const START = 1_700_000_000_000;

const { broker, reader, outputs } = useBroker();

test("windows of each key, over partitions and kills, are those of the operator alone; late records are dead letters", async () => {
  const pipeline = new Pipeline(broker);
  const readings = { ...pipeline.stream("readings"), format: "json" } as const;
  const keyed = { ...pipeline.stream("keyed"), format: "json" } as const;
  const means = { ...pipeline.stream("means"), format: "json" } as const;
  const windows = { size: 1000, advance: 500, grace: 200, compute: ["count", "mean", "variance"] };
  const specs = [
    pipeline.service("key", {
      input: readings,
      apply: [step("extract-timestamp", { field: "at", unit: "ms" }), step("select-key", { field: "sensor" })],
      output: keyed,
    }),
    pipeline.service("mean", {
      input: keyed,
      apply: [{ ...step("time-window", windows), field: "celsius" }],
      output: means,
    }),
  ];
  await pipeline.createTopics(specs, 3);

  // Some come up to 1.4 s late: within the grace of their windows, or not.
  const records = Array.from({ length: 3000 }, (_, i) => ({
    sensor: `sensor ${i % 7}`,
    at: 1_700_000_000_000 + i * 20 - (((i * 7919) % 101) % 8) * 200,
    celsius: ((i * 104_729) % 1000) / 10,
  }));
  let services = await startReady(specs);
  // All to one partition, so that each sensor's records keep their order on the way to the service that gives them keys.
  const sent = [0, 1000, 2000].map((from) => records.slice(from, from + 1000));
  let sentRuns = 0;
  for (const some of sent) {
    await write(
      broker,
      readings.topic,
      some.map((each) => ({ value: JSON.stringify(each), partition: 1 })),
    );
    await outputs(keyed.topic, ++sentRuns * 300, ...services);
    await Promise.all(services.map((each) => each.stop("SIGKILL")));
    services = await startReady(specs);
  }

  const alone = new Map(
    [...new Set(records.map(({ sensor }) => sensor))].map((sensor) => [
      sensor,
      runAt(
        timeWindow,
        { ...windows, size: "1s", advance: "500ms", grace: "200ms" },
        records.filter((each) => each.sensor === sensor).map(({ at, celsius }) => [at, celsius]),
      ),
    ]),
  );
  const late = [...alone.values()].flat().filter((each) => typeof each === "string").length;
  const results = [...alone.values()].flat().length - late;
  expect(late).toBeGreaterThan(10);
  const deadLetterTopic = specs[1]?.deadLetterTopic ?? "";
  await outputs(means.topic, results, ...services);
  await outputs(deadLetterTopic, late, ...services);

  const read = await reader.read(means.topic, deadLetterTopic);
  for (const [sensor, wanted] of alone) {
    const values = (read[means.topic] ?? []).filter(({ key }) => key === sensor).map(({ value }) => value);
    expect(values).toEqual(wanted.flatMap((each) => (typeof each === "string" ? [] : [JSON.stringify(each[1])])));
  }
  expect(read[deadLetterTopic]).toHaveLength(late);
  expect(read[deadLetterTopic]?.[0]?.headers).toMatchObject({
    "bramble.cause": expect.stringMatching(/^time-window\(celsius\): late record of 2023-11-14T/),
    "bramble.operator": "time-window(celsius)",
    "bramble.topic": keyed.topic,
  });
});

test.each([
  { was: "[ewma: { alpha: 0.5 }]", is: "[ewma: { alpha: 0.25 }]", said: /^it keeps its state/, kept: [0] },
  {
    was: "[ewma: { alpha: 0.5 }, time-window: { size: 4s, compute: sum }]",
    is: "[ewma: { alpha: 0.5 }, time-window: { size: 5s, compute: sum }]",
    said: /^the state of time-window \(step 2\) is reset \(size: 4s -> 5s\), the state of ewma \(step 1\) is kept$/,
    kept: [0],
  },
])("an edit of $was to $is does to the state what the preview says, and nothing to the position", async (edit) => {
  const { before, after, sentences } = await editedService(edit.was, edit.is);
  expect(sentences.join(", ")).toMatch(edit.said);
  const pipeline = new Pipeline(broker);
  const [input, output] = [pipeline.stream("in"), pipeline.stream("out")];
  const spec = ({ apply }: Service) =>
    pipeline.service("con", { input, apply: apply.map(({ operator, params }) => ({ operator, params })), output });
  await pipeline.createTopics([spec(before)]);
  const records = Array.from({ length: 12 }, (_, i) => ({ value: (i * 7) % 5, timestampMs: START + i * 1500 }));

  // The operators alone, with what the words say is kept.
  const run = (state: ChainState, chain: readonly Link[], some: typeof records) =>
    some.flatMap((each) => advance(chain, state, { key: null, ...each }, ({ value }) => String(value)).outputs);
  const [old, edited] = [await chainOf(before), await chainOf(after)];
  const state = new ChainState();
  const first = run(state, old, records.slice(0, 6));
  const kept = new ChainState();
  for (const { index, key, state: each } of state.changes()) if (edit.kept.includes(index)) kept.set(index, key, each);
  const wanted = [...first, ...run(kept, edited, records.slice(6))];

  for (const [service, some, soFar] of [
    [before, records.slice(0, 6), first],
    [after, records.slice(6), wanted],
  ] as const) {
    await write(
      broker,
      input.topic,
      some.map(({ value, timestampMs }) => ({ value: String(value), timestamp: String(timestampMs) })),
    );
    const running = await startService(spec(service));
    await outputs(output.topic, soFar.length, running);
    expect(await running.stop()).toBe(0);
    expect(await reader.values(output.topic)).toEqual(soFar);
  }
  const changelog = spec(after).changelogTopic as string;
  const newest = new Map((await reader.read(changelog))[changelog]?.map(({ key, value }) => [key, value]));
  const living = [...newest].flatMap(([key, value]) => (value === null || key === removalKey(0) ? [] : [key]));
  expect(living.sort()).toEqual(edited.map((link, index) => stateKey(0, index, stateNameOf(link), null)));
});
