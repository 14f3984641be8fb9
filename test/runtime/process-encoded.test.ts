import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { RecordBatch } from "../../kafka/kafka.ts";
import { recordsOf } from "../../kafka/record-reader.ts";
import { celsiusToFahrenheit } from "../../operators/celsius-to-fahrenheit.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { ewma } from "../../operators/ewma.ts";
import { extractField } from "../../operators/extract-field.ts";
import type { Format } from "../../operators/format.ts";
import { hoistField } from "../../operators/hoist-field.ts";
import type { Link } from "../../operators/message.ts";
import { movingAverage } from "../../operators/moving-average.ts";
import { filter, flatMap, forward, map, number, unknown } from "../../operators/operator.ts";
import { selectKey } from "../../operators/select-key.ts";
import { threshold } from "../../operators/threshold.ts";
import { timeWindow } from "../../operators/time-window.ts";
import { processBatch } from "../../runtime/process-batch.ts";
import { processEncoded } from "../../runtime/process-encoded.ts";
import { batchOf, readByKafkajs, type WrittenRecord, batches as writtenBatches } from "../kafka/record-batches.ts";
import { jsonTexts, numberTexts } from "../operators/json-texts.ts";
import { BROKEN, link, picky } from "./links.ts";

const later = link(
  "later",
  map({
    value: number(),
    step: (_, x, { timestampMs }) => forward(x, { timestampMs: timestampMs + 1, key: x > 0 ? "plus" : null }),
  }),
);
const CHAINS: Record<string, { chain: Link[]; input?: Format; output?: Format }> = {
  none: { chain: [] },
  stateless: {
    chain: [link("celsius-to-fahrenheit", celsiusToFahrenheit), link("threshold", threshold, { above: 50 })],
  },
  "with state": { chain: [link("ewma", ewma, { alpha: 0.3 }), link("moving-average", movingAverage, { over: 3 })] },
  "that refuses": { chain: [link("ewma", ewma, { alpha: 0.5 }), picky] },
  "that multiplies": {
    chain: [link("twice", flatMap({ value: number(), step: (_, x) => [x, -x] })), link("ewma", ewma, { alpha: 0.5 })],
  },
  "that gives keys and times": { chain: [later] },
  "with windows": { chain: [link("time-window", timeWindow, { size: 1000, advance: 500, grace: 0, compute: "mean" })] },
  "on objects": {
    chain: [link("select-key", selectKey, { field: "id" }), link("ewma", ewma, { alpha: 0.5 }, "celsius")],
    input: "json",
    output: "json",
  },
  "that puts a value into an object": {
    chain: [link("hoist-field", hoistField, { field: "x" })],
    output: "json",
  },
  "that takes a number out of an object": {
    chain: [link("extract-field", extractField, { field: "celsius" })],
    input: "json",
  },
  "of a filter on any JSON": {
    chain: [link("threshold", threshold, { above: 0 })],
    input: "json",
    output: "json",
  },
  "with an own operator": {
    chain: [link("own", map({ value: unknown(), step: (_, x) => (typeof x === "object" ? { ...x, celsius: 1 } : x) }))],
    input: "json",
    output: "json",
  },
  "on any JSON that must be a number": { chain: [], input: "json" },
  "from anything to text": {
    chain: [link("text", map({ value: unknown(), step: (_, x) => JSON.stringify(x) }))],
    input: "json",
    output: "text",
  },
  "on text": { chain: [], input: "text", output: "text" },
};

/** What a topic would hold. */
interface Held {
  readonly key: string | null;
  readonly value: string;
  readonly timestamp: string;
}
const hex = (bytes: Buffer | string | null) => (bytes === null ? null : Buffer.from(bytes).toString("hex"));

/** Whatever a busy machine takes its time for. */
const unlimited = () => false;

async function inOnePass(
  chain: Link[],
  before: ChainState,
  batches: RecordBatch[],
  from: bigint,
  formats: { input: Format; output: Format },
  keys: boolean,
) {
  const processed = processEncoded(chain, before, batches, from, { ...formats, keys }, unlimited);
  if (processed === undefined) return undefined;
  const outputs: Held[] = [];
  for (const [i, each] of processed.outputs.entries()) {
    const bytes = each.encode({ transactional: true, producerId: 1, producerEpoch: 0, firstSequence: i });
    for (const { key, value, timestamp } of (await readByKafkajs(Buffer.from(bytes))).records) {
      outputs.push({ key: hex(key), value: hex(value) ?? "", timestamp });
    }
  }
  return { outputs, state: processed.state };
}

function ordinary(
  chain: Link[],
  before: ChainState,
  batches: RecordBatch[],
  from: bigint,
  formats: { input: Format; output: Format },
) {
  const read = [...recordsOf(batches, from)];
  const branches = [{ topic: "out", format: formats.output }];
  const { outputs, poison, state } = processBatch(
    chain,
    before,
    read,
    { input: formats.input, output: { kind: "topics", branches }, stages: false },
    unlimited,
  );
  return {
    outputs: outputs.map(({ key, value, timestamp }): Held => ({ key: hex(key), value: hex(value) ?? "", timestamp })),
    state,
    hasHeaders: read.some(({ headers }) => Object.keys(headers).length > 0),
    poison,
  };
}

describe.each(Object.entries(CHAINS))("a chain %s", (_, { chain, input = "number", output = "number" }) => {
  const formats = { input, output };

  test("gives in one pass over the bytes what it gives the ordinary way: outputs and state, to the last byte", async () => {
    let passes = 0;
    await fc.assert(
      fc.asyncProperty(writtenBatches, fc.nat(5), fc.boolean(), async (written, skip, keys) => {
        let next = 100n;
        const batches: RecordBatch[] = [];
        for (const each of written) {
          batches.push(await batchOf(next, each));
          next += BigInt((each.at(-1)?.offsetDelta ?? 0) + 1);
        }
        const before = new ChainState();
        // Some batches before, so that there is a state to go on from.
        ordinary(chain, before, [await batchOf(0n, warm)], 0n, formats).state.commit();
        const from = 100n + BigInt(skip);
        const wanted = ordinary(chain, before, batches, from, formats);
        const found = await inOnePass(chain, before, batches, from, formats, keys);
        if (found === undefined) {
          const isLate =
            wanted.outputs.some(({ timestamp }) => Number(timestamp) > 2 ** 51) ||
            written.flat().some(({ timestampMs }) => timestampMs > 2 ** 51);
          const isKeyed = !keys && wanted.outputs.some(({ key }) => key !== null);
          // Nothing was done, and for a reason.
          expect({ hasReason: wanted.poison.length > 0 || wanted.hasHeaders || isLate || isKeyed }).toEqual({
            hasReason: true,
          });
        } else {
          passes++;
          expect(wanted.poison).toEqual([]);
          expect(found.outputs).toEqual(wanted.outputs);
          expect(found.state.changes()).toEqual(wanted.state.changes());
        }
      }),
      { numRuns: 100 },
    );
    expect(passes).toBeGreaterThan(3);
  });
});

const warm: WrittenRecord[] = ["1", "2.5", '{"id":"a","celsius":3}'].map((value, offsetDelta) => ({
  offsetDelta,
  timestampMs: 1_700_000_000_000,
  key: null,
  value: Buffer.from(value),
}));

test("many records make several sends, each smaller than a broker takes", async () => {
  const many = Array.from({ length: 60_000 }, (_, i) => ({
    offsetDelta: i,
    timestampMs: 1000 + i,
    key: null,
    value: Buffer.from(String(i / 7)),
  }));
  const batches = [await batchOf(0n, many)];
  const options = { input: "number", output: "number", keys: true } as const;
  const { outputs = [] } = processEncoded([], new ChainState(), batches, 0n, options, unlimited) ?? {};
  const sizes = outputs.map(
    (each) => each.encode({ transactional: true, producerId: 1, producerEpoch: 0, firstSequence: 0 }).length,
  );
  expect(outputs.length).toBeGreaterThan(2);
  expect(Math.max(...sizes)).toBeLessThan(768 * 1024);
  expect(outputs.reduce((sum, { count }) => sum + count, 0)).toBe(60_000);
});

test("what is too large for a batch takes the ordinary way, which sends it in pieces", async () => {
  const flood = link("flood", flatMap({ value: number(), step: (_, x) => Array(100_000).fill(x) }));
  const batches = [await batchOf(0n, [{ offsetDelta: 0, timestampMs: 1000, key: null, value: Buffer.from("7") }])];
  expect(
    processEncoded([flood], new ChainState(), batches, 0n, { input: "number", output: "number", keys: true }),
  ).toBeUndefined();
});

describe("what no operator touched leaves byte for byte as it came", () => {
  const around = fc.constantFrom("", "", " ", "\r\n", "\ufeff");
  const cases: [name: string, format: Format, texts: fc.Arbitrary<string>, chain: Link[]][] = [
    ["numbers", "number", numberTexts, []],
    [
      "numbers through a filter",
      "number",
      numberTexts,
      [link("threshold", threshold, { above: Number.NEGATIVE_INFINITY })],
    ],
    ["JSON", "json", jsonTexts, []],
    ["JSON through an own filter", "json", jsonTexts, [link("all", filter({ value: unknown(), step: () => true }))]],
    ["JSON through an own map", "json", jsonTexts, [link("same", map({ value: unknown(), step: (_, x) => x }))]],
  ];

  test.each(cases)("%s", async (_, format, texts, chain) => {
    await fc.assert(
      fc.asyncProperty(around, texts, async (before, text) => {
        const value = Buffer.from(before + text);
        const batches = [await batchOf(0n, [{ offsetDelta: 0, timestampMs: 1000, key: null, value }])];
        const formats = { input: format, output: format };
        const wanted = [{ key: null, value: value.toString("hex"), timestamp: "1000" }];
        expect(ordinary(chain, new ChainState(), batches, 0n, formats).outputs).toEqual(wanted);
        expect((await inOnePass(chain, new ChainState(), batches, 0n, formats, true))?.outputs).toEqual(wanted);
      }),
    );
  });
});

test.each(Object.entries(BROKEN))(
  "a record on which an operator %s takes the ordinary way, with all beside it",
  async (_, chain) => {
    const values = (...all: string[]) =>
      all.map((value, offsetDelta) => ({ offsetDelta, timestampMs: 1000, key: null, value: Buffer.from(value) }));
    const options = { input: "number", output: "number", keys: true } as const;
    const before = new ChainState();
    const passed = async (...all: string[]) =>
      processEncoded(chain, before, [await batchOf(0n, values(...all))], 0n, options, unlimited);
    expect(await passed("1", "13", "2")).toBeUndefined();
    expect(await passed("1", "2")).toBeDefined();
    expect(before.changes()).toEqual([]);
  },
);
