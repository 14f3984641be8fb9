import { gzipSync } from "node:zlib";
import { describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import type { Link } from "../../operators/chain.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { dedupe } from "../../operators/dedupe.ts";
import { ewma } from "../../operators/ewma.ts";
import { flatMap, fold, forward, map, number, unknown } from "../../operators/operator.ts";
import { threshold } from "../../operators/threshold.ts";
import { FULL_TRANSACTION_BYTES, fullness } from "../../runtime/full-transaction.ts";
import type { RecordBatch } from "../../runtime/kafka/kafka.ts";
import { recordsOf } from "../../runtime/kafka/record-reader.ts";
import { sizeOf } from "../../runtime/kafka/size-of.ts";
import { PartitionState } from "../../runtime/partition-state.ts";
import { type BatchFormats, type Output, processBatch } from "../../runtime/process-batch.ts";
import type { Service } from "../../runtime/service.ts";
import { type Slice, slicesOf } from "../../runtime/slices.ts";
import { stateChanges } from "../../runtime/state.ts";
import { StateStore } from "../../runtime/state-store.ts";
import {
  batchOf,
  compressed,
  readByKafkajs,
  type WrittenRecord,
  batches as writtenBatches,
} from "./kafka/record-batches.ts";
import { link, picky } from "./links.ts";

// Tens of thousands of records, also where others use the machine.
jest.setTimeout(60_000);

const several = link("several", flatMap({ value: number(), step: (_, x) => [x, -x, x / 3] }));
/** Sends on what it has seen as a record of its own, which the next may refuse, and grows with each. */
const seen = link(
  "seen",
  fold({
    value: number(),
    initial: [] as readonly number[],
    step: (_, before, x) => [
      [...before, x],
      [forward(before.length, { timestampMs: 5 }), x],
    ],
  }),
);

const CHAINS: Record<string, Link[]> = {
  none: [],
  "with two states": [link("ewma", ewma, { alpha: 0.3 }), link("dedupe", dedupe, { within: 1000, among: 5 })],
  "that multiplies": [several, link("ewma", ewma, { alpha: 0.5 })],
  "that refuses": [link("ewma", ewma, { alpha: 0.5 }), picky],
  "whose state grows and whose results are refused": [seen, picky],
};

const DESTINATIONS: Record<string, BatchFormats> = {
  "a topic": { input: "number", output: { kind: "topics", branches: [{ topic: "out" }] }, stages: false },
  branches: {
    input: "number",
    output: {
      kind: "topics",
      branches: [
        { topic: "high", when: link("threshold", threshold, { above: 1 }) },
        { topic: "low", format: "json" },
      ],
    },
    stages: false,
  },
  "a file": { input: "number", output: { kind: "lines", format: "number" }, stages: false },
  "a log": { input: "number", output: { kind: "log" }, stages: true },
};

const hex = (bytes: Buffer | string | null) => (bytes === null ? null : Buffer.from(bytes).toString("hex"));
const held = ({ key, value, timestamp }: Pick<Output, "key" | "timestamp"> & { value: Buffer | string | null }) => ({
  key: hex(key),
  value: hex(value),
  timestamp,
});

/** What a topic, a file or a log gets of it, in order. */
async function outputsOf({ outputs, encoded }: Slice) {
  const all = outputs.map(held);
  for (const each of encoded?.sends ?? []) {
    const bytes = each.encode({ transactional: true, producerId: 1, producerEpoch: 0, firstSequence: 0 });
    all.push(...(await readByKafkajs(Buffer.from(bytes))).records.map(held));
  }
  return all;
}

function partitionState(chain: readonly Link[], maxRecordBytes?: number): PartitionState {
  const store = new StateStore(":memory:");
  store.begin("topic", 0n);
  return new PartitionState(chain, 0, store, 0n, () => 1_000_000, maxRecordBytes);
}

/** What a busy machine takes its time for is cut by no clock. */
const stopped = () => 0;

function run(
  chain: Link[],
  state: PartitionState,
  batches: readonly RecordBatch[],
  [firstOffset, end]: [bigint, bigint],
  formats: BatchFormats,
  fullBytes?: number,
) {
  const service = { chain, spec: { groupId: "p-con" } as Service["spec"] };
  const records = { firstOffset, batches, decode: (from = firstOffset) => recordsOf(batches, from) };
  return slicesOf(service, state, records, end, formats, { partitionsOf: () => 1 }, () => fullness(fullBytes, stopped));
}

describe.each(Object.entries(CHAINS))("a chain %s", (_, chain) => {
  test.each(Object.entries(DESTINATIONS))("gives %s the same whatever transactions hold", async (__, formats) => {
    let cut = 0;
    await fc.assert(
      fc.asyncProperty(writtenBatches, fc.nat(3), fc.nat(3000), async (written, skip, fullBytes) => {
        const batches: RecordBatch[] = [];
        let end = 100n;
        for (const each of written) {
          batches.push(await batchOf(end, each));
          end += BigInt((each.at(-1)?.offsetDelta ?? 0) + 1);
        }
        const first = 100n + BigInt(skip);
        const records = [...recordsOf(batches, first)];
        const whole = processBatch(chain, new ChainState(), records, formats, () => false);

        const state = partitionState(chain);
        const found: { outputs: unknown[]; paths: unknown[]; poison: unknown[] } = {
          outputs: [],
          paths: [],
          poison: [],
        };
        const positions: bigint[] = [];
        for (const slice of run(chain, state, batches, [first, end], formats, fullBytes)) {
          found.outputs.push(...(await outputsOf(slice)));
          found.paths.push(...slice.paths);
          found.poison.push(...slice.poison);
          slice.state.commit();
          positions.push(slice.position);
        }
        cut += positions.length - 1;
        expect(found).toEqual({
          outputs: whole.outputs.map(held),
          paths: whole.paths,
          poison: whole.poison,
        });
        for (const { index, key, state: each } of whole.state.changes()) expect(state.get(index, key)).toEqual(each);
        // Each goes on where the one before ended, with a record; the last ends where the run does.
        expect(positions.at(-1)).toBe(end);
        const begins = records.slice(1).map(({ offset }) => offset);
        expect(positions.slice(0, -1).filter((each) => !begins.includes(each))).toEqual([]);
        expect(positions).toEqual([...new Set(positions)].sort((a, b) => Number(a - b)));
      }),
      { numRuns: 40 },
    );
    expect(cut).toBeGreaterThan(10);
  });
});

const numbers = (count: number): WrittenRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    offsetDelta: i,
    timestampMs: 1000 + i,
    key: Buffer.from(`key ${i}`),
    value: Buffer.from(String(i)),
  }));

test("a fetched run of small records is one transaction", async () => {
  const chain = [link("threshold", threshold, { above: -1 })];
  const batches = [await batchOf(0n, numbers(15_000))];
  for (const formats of Object.values(DESTINATIONS).filter(({ output }) => output.kind !== "log")) {
    expect([...run(chain, partitionState(chain), batches, [0n, 15_000n], formats)]).toHaveLength(1);
  }
});

test.each([
  [
    "state of many keys",
    2000,
    [link("seen", fold({ value: number(), initial: "", step: (_, s, x) => [s + "x".repeat(9000) + x, []] }))],
  ],
  ["outputs of few records", 2000, [link("flood", flatMap({ value: number(), step: (_, x) => Array(50).fill(x) }))]],
  ["dead letters", 7000, [link("never", map({ value: number(), step: () => Number.NaN }))]],
])("%s never make much more than a transaction should hold", async (_, count, chain) => {
  const batches = [await batchOf(0n, numbers(count))];
  const formats = DESTINATIONS.branches as BatchFormats;
  const state = partitionState(chain);
  const sizes: number[] = [];
  for (const slice of run(chain, state, batches, [0n, BigInt(count)], formats)) {
    const entries = stateChanges(chain, 0, slice.state);
    const made = [...slice.outputs, ...entries, ...slice.poison.map(({ record }) => record)];
    sizes.push(made.reduce((sum, each) => sum + sizeOf(each), 0));
    slice.state.commit();
    state.committed(1n);
  }
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThan(FULL_TRANSACTION_BYTES * 1.1);
});

test("a record that would make a state larger than the changelog takes is refused, and the state as before", async () => {
  const most = 2000;
  const batches = [
    await batchOf(
      0n,
      [5, 300, 5, 1700, 5, 1, 9].map((length, i) => ({
        offsetDelta: i,
        timestampMs: 1000,
        key: Buffer.from("roof"),
        value: Buffer.from("7".repeat(length)),
      })),
    ),
  ];
  const texts = link(
    "texts",
    fold({ value: unknown(), initial: [] as readonly string[], step: (_, s, x) => [[...s, String(x)], [s.length]] }),
  );
  const state = partitionState([texts], most);
  const formats: BatchFormats = {
    input: "text",
    output: { kind: "topics", branches: [{ topic: "out" }] },
    stages: false,
  };
  const slices = [...run([texts], state, batches, [0n, 7n], formats)];
  for (const slice of slices) slice.state.commit();
  expect(slices.flatMap(({ outputs }) => outputs.map(({ value }) => value))).toEqual(["0", "1", "2", "3", "4", "5"]);
  const poison = slices.flatMap((each) => each.poison);
  expect(poison.map(({ record, error }) => [record.offset, error.operator, error.message])).toEqual([
    [3n, "texts", "texts: its state would be a record of 2062 bytes; its changelog takes at most 2000"],
  ]);
  expect((state.get(0, "roof") as string[]).map(({ length }) => length)).toEqual([5, 300, 5, 5, 1, 9]);
});

describe.each(Object.entries(DESTINATIONS))("to %s, a batch that", (_, formats) => {
  const chain = [link("ewma", ewma, { alpha: 0.5 })];
  const three = (values: readonly number[]) =>
    values.map((value, offsetDelta) => ({ offsetDelta, timestampMs: 1000, key: null, value: Buffer.from(`${value}`) }));
  const valuesOf = async (slice: Slice) =>
    (await outputsOf(slice)).map(({ value }) => Number(Buffer.from(value ?? "", "hex").toString()));
  /** Snappy that says that it becomes 4 GB. */
  const bomb = (batch: RecordBatch) => compressed(batch, 2, Buffer.from([255, 255, 255, 255, 15, 0]));
  const around = async (middle: (batch: RecordBatch) => RecordBatch) => [
    await batchOf(0n, three([2, 4, 8])),
    middle(await batchOf(3n, three([1, 1, 1]))),
    await batchOf(6n, three([3, 3])),
  ];

  test("is a bomb is passed over by its offsets, with the state as it was before", async () => {
    const batches = await around(bomb);
    const state = partitionState(chain);
    const found: unknown[] = [];
    for (const slice of run(chain, state, batches, [0n, 8n], formats)) {
      slice.state.commit();
      found.push([await valuesOf(slice), slice.position, slice.unreadable?.first, slice.unreadable?.last]);
    }
    // The first value seeds the average and gives none.
    expect(found).toEqual([
      [[3, 5.5], 6n, 3n, 5n],
      [[4.25, 3.625], 8n, undefined, undefined],
    ]);
  });

  test("is a bomb at the end ends the run", async () => {
    const batches = (await around(bomb)).slice(1, 2);
    const slices = [...run(chain, partitionState(chain), batches, [4n, 6n], formats)];
    expect(slices.map(({ position, unreadable }) => [position, unreadable?.first])).toEqual([[6n, 4n]]);
  });

  test("is damaged holds up what is behind it, and nothing before", async () => {
    const batches = await around(({ baseOffset, bytes }) => {
      const damaged = Buffer.from(bytes);
      damaged[60] = 1 ^ (damaged[60] as number);
      return { baseOffset, bytes: damaged };
    });
    const slices = run(chain, partitionState(chain), batches, [0n, 8n], formats);
    const { value } = slices.next() as { value: Slice };
    expect([await valuesOf(value), value.position, value.unreadable]).toEqual([[3, 5.5], 3n, undefined]);
    expect(() => slices.next()).toThrow("the record batch with offsets 3 to 5 is damaged: its checksum is");
    expect(() => [...run(chain, partitionState(chain), batches, [4n, 8n], formats)]).toThrow(
      "the record batch with offsets 4 to 5 is damaged",
    );
  });
});

test("a record that is too large is refused alone, whichever way the others go", async () => {
  const large = { offsetDelta: 1, timestampMs: 1000, key: null, value: Buffer.alloc(5_000_000, "1") };
  const batch = await batchOf(0n, [...numbers(1), large, { ...numbers(3)[2], key: null } as WrittenRecord]);
  const batches = [compressed(batch, 1, gzipSync(batch.bytes.subarray(49)))];
  const [slice, ...others] = run([], partitionState([]), batches, [0n, 3n], DESTINATIONS["a topic"] as BatchFormats);
  expect(others).toEqual([]);
  expect(slice?.outputs.map(({ value }) => value)).toEqual(["0", "2"]);
  expect(slice?.poison.map(({ record, error }) => [record.offset, error.message])).toEqual([
    [1n, expect.stringMatching(/^it has 50000\d\d bytes; of a compressed record a service reads at most 4194304$/)],
  ]);
});
