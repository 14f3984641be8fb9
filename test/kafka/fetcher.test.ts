import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { createFetcher, type FetchedBatch, type Fetcher } from "../../kafka/fetcher.ts";

const MIB = 1024 * 1024;

interface FakeBatch extends FetchedBatch {
  readonly name: string;
}

/** What was asked for and is being processed, each to be answered by the test. */
let asked: { underway: string[]; answer: (batches: FakeBatch[]) => Promise<void>; fail: (error: Error) => void }[];
let processing: Map<string, { done: () => Promise<void>; fail: (error: Error) => Promise<void> }>;
let assignments: Map<string, number>;
let fetcher: Fetcher;
let ended: Promise<string>;

function batch(
  name: string,
  { bytes = 600 * 1024, isNext = (): boolean => true, memory = new ArrayBuffer(bytes) } = {},
): FakeBatch {
  return { name, topic: "t", partition: Number(name[1]), bytes, isFull: bytes >= MIB / 2, memory, isNext };
}

beforeEach(() => {
  asked = [];
  processing = new Map();
  assignments = new Map();
  fetcher = createFetcher<FakeBatch>({
    nodeId: 1,
    nodeOf: assignments,
    process: ({ name }) =>
      new Promise<void>((resolve, reject) => {
        const settle = (how: () => void) => {
          processing.delete(name);
          how();
          return turn();
        };
        processing.set(name, { done: () => settle(resolve), fail: (error) => settle(() => reject(error)) });
      }),
    fetch: (_, underway) =>
      new Promise((resolve, reject) => {
        const answer = (batches: FakeBatch[]) => {
          asked.shift();
          resolve(batches);
          return turn();
        };
        asked.push({ underway: underway.map(({ name }) => name), answer, fail: reject });
      }),
  });
  ended = fetcher.start().then(
    () => "stopped",
    (error) => error.message,
  );
});

const answer = (...batches: FakeBatch[]) => asked[0]?.answer(batches);
const done = (name: string) => processing.get(name)?.done();
const names = () => [...processing.keys()];

describe("a broker is asked for more", () => {
  test("only when all is processed, while each time all there was has come", async () => {
    expect(asked).toMatchObject([{ underway: [] }]);
    await answer(batch("p0", { bytes: 10 }), batch("p1", { bytes: 10 }));
    expect(names()).toEqual(["p0", "p1"]);
    await done("p0");
    expect(asked).toEqual([]);
    await done("p1");
    expect(asked).toMatchObject([{ underway: [] }]);
  });

  test("while a full batch is processed, and what follows waits for it in order", async () => {
    await answer(batch("p0a"));
    expect(asked).toMatchObject([{ underway: ["p0a"] }]);
    await answer(batch("p0b"));
    expect(names()).toEqual(["p0a"]);
    await done("p0a");
    expect(names()).toEqual(["p0b"]);
  });

  test("and what comes of another partition waits for nobody", async () => {
    await answer(batch("p0"));
    await answer(batch("p1"));
    expect(names()).toEqual(["p0", "p1"]);
    await answer();
    await done("p1");
    expect(asked).toMatchObject([{ underway: ["p0"] }]);
  });

  test("until 2 MiB are underway", async () => {
    await answer(batch("p0a", { bytes: MIB }));
    await answer(batch("p0b", { bytes: MIB }));
    expect(asked).toEqual([]);
    await done("p0a");
    expect(asked).toMatchObject([{ underway: ["p0b"] }]);
  });

  test("once, when there was nothing: again when something has been processed", async () => {
    await answer(batch("p0"), batch("p1"));
    await answer();
    expect(asked).toEqual([]);
    await done("p0");
    expect(asked).toMatchObject([{ underway: ["p1"] }]);
  });
});

test("what was fetched ahead of an offset that its partition did not come to is dropped", async () => {
  let hasFailed = false;
  await answer(batch("p0a"));
  await answer(batch("p0b", { isNext: () => !hasFailed }));
  await answer();
  hasFailed = true;
  await done("p0a");
  expect(names()).toEqual([]);
  expect(asked).toMatchObject([{ underway: [] }]);
});

test("a partition that has moved here is left alone while its old leader's batch is underway", async () => {
  assignments.set("t|0", 2);
  await answer(batch("p0"), batch("p1"));
  expect(names()).toEqual(["p1"]);
  await done("p1");
  assignments.delete("t|0");
  await answer(batch("p0"));
  expect(names()).toEqual(["p0"]);
  expect(assignments.get("t|0")).toBe(1);
});

describe("the memory that an answer takes is given back", () => {
  const spent = (...those: FakeBatch[]) => {
    for (const each of those) each.isSpent = true;
  };

  test("once all batches of it are spent, those of other partitions too", async () => {
    const memory = new ArrayBuffer(MIB);
    const [first, second] = [batch("p0", { memory }), batch("p1", { memory, bytes: 10 })];
    await answer(first, second);
    spent(first, second);
    await done("p0");
    expect(memory.byteLength).toBe(MIB);
    await done("p1");
    expect(memory.byteLength).toBe(0);
  });

  test("not while somebody may still read a batch: its records were decoded, it failed, or it was dropped", async () => {
    const memory = new ArrayBuffer(MIB);
    const [first, second] = [batch("p0", { memory }), batch("p1", { memory, isNext: () => false })];
    await answer(first, second);
    spent(first);
    await done("p0");
    const failing = batch("p2");
    await answer(failing);
    await processing.get("p2")?.fail(new Error("rebalancing"));
    await answer();
    await ended;
    expect([memory.byteLength, failing.memory?.byteLength]).toEqual([MIB, 600 * 1024]);
  });

  test("not when it is small: Node keeps several buffers in one then", async () => {
    const small = batch("p0", { bytes: 8192 });
    await answer(small);
    spent(small);
    await done("p0");
    expect(small.memory?.byteLength).toBe(8192);
  });
});

describe("it ends", () => {
  test("after a stop once what is underway is processed, and begins nothing more", async () => {
    await answer(batch("p0a"));
    await answer(batch("p0b"));
    let hasStopped = false;
    fetcher.stop().then(() => {
      hasStopped = true;
    });
    await answer();
    expect(hasStopped).toBe(false);
    await done("p0a");
    expect(names()).toEqual([]);
    expect(await ended).toBe("stopped");
    expect(hasStopped).toBe(true);
    expect(assignments.size).toBe(0);
  });

  test("with the error of a batch, once the others are processed", async () => {
    await answer(batch("p0"), batch("p1"));
    await processing.get("p0")?.fail(new Error("rebalancing"));
    await answer(batch("p2"));
    expect(names()).toEqual(["p1"]);
    await done("p1");
    expect(await ended).toBe("rebalancing");
  });

  test("with the error of a fetch, also one ahead", async () => {
    await answer(batch("p0"));
    asked[0]?.fail(new Error("no broker"));
    await turn();
    await done("p0");
    expect(await ended).toBe("no broker");
  });
});
