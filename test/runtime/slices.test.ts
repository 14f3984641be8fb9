import { gzipSync } from "node:zlib";
import { describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import type { RecordBatch } from "../../kafka/kafka.ts";
import { recordsOf } from "../../kafka/record-reader.ts";
import { RefusedRecordsError } from "../../kafka/refused-records.ts";
import { sizeOf } from "../../kafka/size-of.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { dedupe } from "../../operators/dedupe.ts";
import { ewma } from "../../operators/ewma.ts";
import type { Link } from "../../operators/message.ts";
import { flatMap, fold, forward, map, number, unknown } from "../../operators/operator.ts";
import { threshold } from "../../operators/threshold.ts";
import { AheadError } from "../../operators/time-limit.ts";
import { timeWindow } from "../../operators/time-window.ts";
import { FULL_TRANSACTION_BYTES, fullness } from "../../runtime/full-transaction.ts";
import { PartitionState } from "../../runtime/partition-state.ts";
import { type BatchFormats, type Output, processBatch } from "../../runtime/process-batch.ts";
import type { Service } from "../../runtime/service.ts";
import { type Slice, slicesOf } from "../../runtime/slices.ts";
import { stateChanges } from "../../runtime/state.ts";
import { StateStore } from "../../runtime/state-store.ts";
import { type Decided, NOTHING_DECIDED, timeLimits } from "../../runtime/time-limits.ts";
import {
  batchOf,
  compressed,
  readByKafkajs,
  type WrittenRecord,
  batches as writtenBatches,
} from "../kafka/record-batches.ts";
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
  return new PartitionState(chain, 0, store, { offset: 0n }, () => 1_000_000, maxRecordBytes);
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
    state.committed({ offset: 1n });
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

describe.each(Object.entries(DESTINATIONS))("on their way to %s", (_, formats) => {
  /** A window of a second each; what is a minute ahead would close them all. */
  const chain = [link("time-window", timeWindow, { size: 1000, grace: 0, compute: "count" })];

  async function refusedOf(decided: Decided, nowMs: number) {
    const times = [1000, 2000, 90_000, 3000, 4000, 91_000];
    const written = times.map((timestampMs, i) => ({
      ...{ offsetDelta: i, timestampMs, key: null },
      value: Buffer.from(String(i)),
    }));
    const batches = [await batchOf(0n, written)];
    const spec = { groupId: "p-con", maxAheadMs: 60_000 } as Service["spec"];
    const limits = () => timeLimits({ spec, clock: { nowMs: () => nowMs } }, decided);
    const records = { firstOffset: 0n, batches, decode: (from?: bigint) => recordsOf(batches, from) };
    const one = { partitionsOf: () => 1 };
    const slices = [...slicesOf({ chain, spec }, partitionState(chain), records, 6n, formats, one, fullness, limits)];
    const outputs = (await Promise.all(slices.map(outputsOf))).flat();
    const poison = slices.flatMap((each) => each.poison);
    for (const { error } of poison) expect(error.cause).toBeInstanceOf(AheadError);
    return { outputs: outputs.map(({ timestamp }) => timestamp), refused: poison.map(({ record }) => record.offset) };
  }
  const windows = ["1999", "2999", "3999"];

  test("records ahead of the clock are refused alone", async () => {
    expect(await refusedOf(NOTHING_DECIDED, 10_000)).toEqual({ outputs: windows, refused: [2n, 5n] });
  });

  test("records that were refused before are refused, those that were let in are let in", async () => {
    const decided = { before: 10n, refused: new Set([2n, 5n]) };
    expect(await refusedOf(decided, 100_000)).toEqual({ outputs: windows, refused: [2n, 5n] });
    // Also when the clock has fallen behind since.
    const letIn = { before: 10n, refused: new Set([2n]) };
    expect(await refusedOf(letIn, 0)).toEqual({ outputs: [...windows, "4999"], refused: [2n] });
  });
});

describe("when brokers refuse outputs", () => {
  const isBad = (value: unknown) => Number(value) % 7 === 3;
  const problem = "Kafka refused the record for out";
  const sum = link("sum", fold({ value: number(), initial: 0, step: (_, s, x) => [s + 1, [x + 1000 * s]] }));
  /** Refuses the same as the broker does. */
  const broker = link(
    "broker",
    map({
      value: number(),
      step: (_, x) => {
        if (isBad(x)) throw new Error(problem);
        return x;
      },
    }),
  );

  /** All slices that a broker takes, and how many it refused, whole. */
  async function taken(chain: Link[], state: PartitionState, count: number, isExact: boolean) {
    const batches = [await batchOf(0n, numbers(count))];
    const formats = DESTINATIONS["a topic"] as BatchFormats;
    const slices = run(chain, state, batches, [0n, BigInt(count)], formats, 5000);
    const committed: Slice[] = [];
    let refusals = 0;
    for (let next = slices.next(); !next.done; ) {
      const slice = next.value;
      const all = slice.encoded ? (await outputsOf(slice)).map(({ value }) => Buffer.from(value ?? "", "hex")) : [];
      const bad = [...all, ...slice.outputs.map(({ value }) => value)].filter((value) => isBad(String(value)));
      if (bad.length === 0) {
        slice.state.commit();
        committed.push(slice);
        next = slices.next();
        continue;
      }
      refusals++;
      const refused = slice.outputs.filter(({ value }) => !isExact || isBad(value));
      const records = slice.encoded ? [{ record: undefined, problem }] : refused.map((record) => ({ record, problem }));
      next = slices.next(new RefusedRecordsError(records, isExact && slice.encoded === undefined));
    }
    return { committed, refusals };
  }

  const results = async (slices: readonly Slice[]) => ({
    outputs: (await Promise.all(slices.map(outputsOf))).flat(),
    poison: slices.flatMap(({ poison }) =>
      poison.map(({ record, error }) => [record.offset, record.headers, error.message]),
    ),
  });

  test.each([
    ["it says which", [sum], true],
    ["it says which, of several of a record", [several, sum], true],
    ["it says which, of what an operator forwards as a record of its own", [seen], true],
    ["it refuses a batch as a whole", [sum], false],
  ])(
    "they are dead letters, as if the last operator had refused them, and all others go through: %s",
    async (_, chain, isExact) => {
      const state = partitionState(chain);
      const { committed, refusals } = await taken(chain, state, 300, isExact);
      const wantedState = partitionState([...chain, broker]);
      const wanted = await taken([...chain, broker], wantedState, 300, isExact);
      expect(wanted.refusals).toBe(0);
      expect(refusals).toBeGreaterThan(0);
      const found = await results(committed);
      const expected = await results(wanted.committed);
      expect(found.outputs).toEqual(expected.outputs);
      const last = chain.at(-1)?.name;
      expect(found.poison).toEqual(
        expected.poison.map(([offset, headers]) => [offset, headers, `${last}: ${problem}`]),
      );
      expect(found.poison.length).toBeGreaterThan(10);
      for (const key of ["key 0", "key 3", "key 299"]) expect(state.get(0, key)).toEqual(wantedState.get(0, key));
      // Each slice is refused whole once or twice, not once for each record.
      if (isExact) expect(refusals).toBeLessThan(2 * committed.length + 2);
    },
  );

  test.each([
    ["is a bomb", (batch: RecordBatch) => compressed(batch, 2, Buffer.from([255, 255, 255, 255, 15, 0])), [6n, 4n]],
    ["is damaged", ({ baseOffset, bytes }: RecordBatch) => ({ baseOffset, bytes: bytes.fill(0, 61) }), [4n, undefined]],
  ])(
    "those before a batch that %s are dead letters, and the batch is met again",
    async (_, spoilt, [position, first]) => {
      const batches = [await batchOf(0n, numbers(4)), spoilt(await batchOf(4n, numbers(2)))];
      const slices = run([], partitionState([]), batches, [0n, 6n], DESTINATIONS.branches as BatchFormats);
      const whole = slices.next().value as Slice;
      const refused = whole.outputs.slice(-1).map((record) => ({ record, problem }));
      const without = slices.next(new RefusedRecordsError(refused, true)).value as Slice;
      expect(without.outputs).toEqual(whole.outputs.slice(0, -1));
      expect(without.poison.map(({ record }) => record.offset)).toEqual([3n]);
      for (const slice of [whole, without])
        expect([slice.position, slice.unreadable?.first]).toEqual([position, first]);
      if (first === undefined) expect(() => slices.next()).toThrow("the record batch with offsets 4 to 5 is damaged");
      else expect(slices.next().done).toBe(true);
    },
  );

  test("what is refused and is no output of these records is for the caller to retry", async () => {
    const batches = [await batchOf(0n, numbers(5))];
    const slices = run([sum], partitionState([sum]), batches, [0n, 5n], DESTINATIONS.branches as BatchFormats);
    slices.next();
    const entry = { topic: "changelog", key: "0/0/sum", value: "1" };
    const error = new RefusedRecordsError([{ record: entry, problem: "Kafka refused it" }], true);
    expect(() => slices.next(error)).toThrow(error);
  });
});
