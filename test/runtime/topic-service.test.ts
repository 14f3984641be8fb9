import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { FencedError, UnreadableBatchError } from "../../kafka/errors.ts";
import type { Batch, IncomingRecord, Kafka, Subscription, Transaction } from "../../kafka/kafka.ts";
import { fold, number, type Operator } from "../../operators/operator.ts";
import type { Service } from "../../runtime/service.ts";
import { StateStores } from "../../runtime/state-stores.ts";
import { consumeTopics } from "../../runtime/topic-service.ts";

/**
 * A Kafka of one partition in memory. It knows only what these cases ask of it; `transact` waits or fails as a case
 * wants, before or after it took effect, as a real one may.
 */
class FakeKafka implements Kafka {
  readonly committed: string[] = [];
  /** Committed, by topic. */
  readonly offsets: Record<string, bigint> = { in: 0n, other: 0n };
  state = new Map<string, string>();
  changelogEnd = 0n;
  epoch = 0;
  beforeCommit: () => Promise<void> = async () => {};
  afterCommit: () => Promise<void> = async () => {};
  subscription: Subscription | undefined;
  /** Where the consumer is to go, and where it is, by topic. */
  sought: Record<string, bigint> = {};
  readonly fetched: Record<string, bigint> = { in: 0n, other: 0n };
  /** Offsets of a batch of `in` whose checksum is wrong. */
  damaged: { readonly first: bigint; readonly last: bigint } | undefined;

  async producer() {
    const epoch = ++this.epoch;
    return {
      partitionsOf: () => 1,
      transact: async ({ records, changelog, consumed }: Transaction) => {
        await this.beforeCommit();
        if (epoch !== this.epoch) throw new FencedError("p-sum-0", undefined);
        for (const { topic, value } of records) if (topic === "out") this.committed.push(String(value));
        for (const { key, value } of changelog) this.state.set(String(key), String(value));
        for (const { partition, offset } of consumed ?? []) this.offsets[partition.topic] = offset;
        await this.afterCommit();
        return new Map([["changelog", { offset: ++this.changelogEnd, leaderEpoch: 0 }]]);
      },
    };
  }

  async inspect<T>(work: Parameters<Kafka["inspect"]>[0]): Promise<T> {
    return work({
      committed: async (_, { topic }) => {
        const offset = this.offsets[topic];
        return offset === undefined ? undefined : { offset };
      },
      describe: () => Promise.reject(new Error("nobody describes this")),
      endOfEpoch: async () => this.changelogEnd,
      earliestOffset: async () => 0n,
      latestOffset: async ({ topic }) => (topic === "changelog" ? this.changelogEnd : 1_000_000n),
      topicId: async () => "1",
      maxRecordBytes: async () => 1_000_000,
      recordAt: async () => undefined,
      damagedBatch: async () => undefined,
      retireMembers: async () => {},
      read: () => Promise.reject(new Error("a service reads as a member of its group")),
      readToEnd: async (_, __, onRecord) => {
        for (const [key, value] of this.state) {
          onRecord({ offset: 0n, timestamp: "0", key: Buffer.from(key), value: Buffer.from(value), headers: {} });
        }
        return { offset: this.changelogEnd };
      },
    }) as Promise<T>;
  }

  async consume(subscription: Subscription) {
    this.subscription = subscription;
    const assigned = subscription.topics.map((topic) => ({ topic, partition: 0 }));
    subscription.onAssigned(assigned, ({ topic }, offset) => {
      this.sought[topic] = offset;
    });
    return { ended: new Promise<never>(() => {}), stop: async () => {} };
  }

  close() {}

  *records(topic: string, from: bigint, end: bigint): Generator<IncomingRecord> {
    for (let offset = from; offset < end; offset++) {
      const { first, last } = this.damaged ?? {};
      if (topic === "in" && first !== undefined && last !== undefined && offset >= first && offset <= last)
        throw new UnreadableBatchError("its checksum is wrong", { first, last, isDamaged: true });
      yield { offset, timestamp: "0", key: null, value: Buffer.from("1"), headers: {} };
    }
  }

  /** Fetches the next `count` records, whose values are 1, and has them processed; as kafkajs does, with seeks first. */
  async fetch(count: number, heartbeat: () => Promise<void> = async () => {}, topic = "in"): Promise<void> {
    const first = this.sought[topic] ?? this.fetched[topic] ?? 0n;
    this.fetched[topic] = first;
    delete this.sought[topic];
    const batch: Batch = {
      topic,
      partition: 0,
      records: {
        firstOffset: first,
        decode: (from = first) => this.records(topic, from, first + BigInt(count)),
      },
      nextOffset: first + BigInt(count),
      isStale: () => this.sought[topic] !== undefined,
      done: () => {
        this.fetched[topic] = first + BigInt(count);
      },
      heartbeat,
    };
    await this.subscription?.onBatch(batch);
  }
}

const fetchOther = (count: number) => kafka.fetch(count, async () => {}, "other");

const sum = fold({ value: number(), initial: 0, step: (_, state, x) => [state + x, [state + x]] });
let kafka: FakeKafka;
let stop: AbortController;
let ended: Promise<void>;
let warnings: string[];
let folder: string;
let errors: string[];

beforeEach(async () => {
  jest.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), "bramble-topics-"));
  kafka = new FakeKafka();
  stop = new AbortController();
  warnings = [];
  errors = [];
  const ignore = () => {};
  const service: Service = {
    spec: {
      name: "sum",
      groupId: "p-sum",
      bootstrapServers: [],
      input: { kind: "topics", topics: [{ topic: "in" }, { topic: "other" }] },
      apply: [{ operator: "sum", params: {} }],
      output: { kind: "topic", topic: "out" },
      changelogTopic: "changelog",
    },
    chain: [{ name: "sum", operator: sum as unknown as Operator, params: {} }],
    branches: [{ topic: "out" }],
    kafka,
    stores: new StateStores(folder, (message) => warnings.push(message.replace(folder, ""))),
    journal: { info: ignore, warn: (message) => warnings.push(message), error: (message) => errors.push(message) },
    supervisor: { ready: ignore, status: ignore, alive: ignore, stopping: ignore },
    clock: { nowMs: Date.now },
    replica: "rpi1",
    stateFolder: undefined,
    print: async () => {},
  };
  ended = consumeTopics(service, [{ topic: "in" }, { topic: "other" }], stop.signal);
  ended.catch(() => {});
  await jest.advanceTimersByTimeAsync(1);
  await kafka.fetch(0);
  await fetchOther(0);
});
afterEach(() => {
  stop.abort();
  jest.useRealTimers();
  jest.restoreAllMocks();
});

test("batches follow each other, with the state carried along", async () => {
  await kafka.fetch(2);
  await kafka.fetch(1);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
  expect(kafka.offsets.in).toBe(3n);
});

test("merged topics share the state of their partition, and each has its own position", async () => {
  const slow = Promise.withResolvers<void>();
  kafka.beforeCommit = () => slow.promise;
  const both = [kafka.fetch(2), fetchOther(1)];
  kafka.beforeCommit = async () => {};
  slow.resolve();
  await Promise.all(both);
  await fetchOther(1);
  expect(kafka.committed).toEqual(["1", "2", "3", "4"]);
  expect(kafka.offsets).toEqual({ in: 2n, other: 2n });
});

test("what waited behind a transaction that failed is processed again, too", async () => {
  const failed = Promise.withResolvers<void>();
  kafka.beforeCommit = () => failed.promise;
  const both = [kafka.fetch(2), fetchOther(1)];
  failed.reject(new Error("coordinator gone"));
  await Promise.all(both);
  kafka.beforeCommit = async () => {};
  expect(kafka.committed).toEqual([]);
  for (let i = 0; i < 2; i++) {
    await kafka.fetch(2 - Number(kafka.offsets.in)); // the first one finds the task opened anew, and is void
    await fetchOther(1 - Number(kafka.offsets.other));
  }
  expect(kafka.committed).toEqual(["1", "2", "3"]);
  expect(kafka.offsets).toEqual({ in: 2n, other: 1n });
});

describe("a damaged batch", () => {
  /** Fetches it, and resolves once that is waited for; the promise inside is for the end of the wait. */
  const met = async (count: number) => {
    const before = errors.length;
    const waiting = kafka.fetch(count);
    while (errors.length === before) await turn();
    return { waiting };
  };
  const afterWait = async ({ waiting }: { waiting: Promise<void> }) => {
    await jest.advanceTimersByTimeAsync(5000);
    await waiting;
    while (kafka.sought.in === undefined) await turn();
  };
  let wait: { waiting: Promise<void> };
  beforeEach(async () => {
    kafka.damaged = { first: 2n, last: 3n };
    wait = await met(5);
  });

  test("holds up its topic's partition alone, and says so", async () => {
    expect(kafka.committed).toEqual(["1", "2"]);
    expect(kafka.offsets.in).toBe(2n);
    expect(errors).toEqual([
      "in/0@2: the record batch with offsets 2 to 3 is damaged: its checksum is wrong; waiting for a sound replica; `npx bramble skip sum` passes it over",
    ]);
    await fetchOther(1);
    expect(kafka.committed).toEqual(["1", "2", "3"]);
  });

  test("is read once there is a sound replica", async () => {
    await afterWait(wait);
    wait = await met(3);
    expect(kafka.committed).toEqual(["1", "2"]);
    kafka.damaged = undefined;
    await afterWait(wait);
    await kafka.fetch(3);
    expect(kafka.committed).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("is passed over once the group is behind it, with the state as it was", async () => {
    kafka.offsets.in = 4n;
    await afterWait(wait);
    await kafka.fetch(1);
    expect(kafka.committed).toEqual(["1", "2", "3"]);
    expect(kafka.offsets.in).toBe(5n);
  });

  test("does not keep a service from stopping", async () => {
    stop.abort();
    await Promise.all([wait.waiting, ended]);
  });
});

test("after a transaction that failed without effect the records are processed again", async () => {
  await kafka.fetch(1);
  kafka.beforeCommit = () => Promise.reject(new Error("coordinator gone"));
  await kafka.fetch(2);
  kafka.beforeCommit = async () => {};
  await kafka.fetch(2); // waits for the task to be opened anew, and is void
  await kafka.fetch(2);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
  expect(warnings).toEqual(["in/0@1: the transaction failed and is retried: coordinator gone"]);
});

test("after a transaction that took effect and yet seemed to fail they are not", async () => {
  kafka.afterCommit = () => Promise.reject(new Error("the answer was lost"));
  await kafka.fetch(2);
  kafka.afterCommit = async () => {};
  await kafka.fetch(2);
  await kafka.fetch(1);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
});

/** One fetched run that takes three transactions, and the offset where the second begins. */
const MANY = 80_000;
const sums = (count: number) => Array.from({ length: count }, (_, i) => String(i + 1));

test("what is too much for one transaction is committed in several, one after the other", async () => {
  const offsets: bigint[] = [];
  kafka.afterCommit = async () => void offsets.push(kafka.offsets.in ?? 0n);
  await kafka.fetch(MANY);
  expect(offsets).toHaveLength(3);
  expect(offsets.at(-1)).toBe(BigInt(MANY));
  await kafka.fetch(1);
  expect(kafka.committed).toEqual(sums(MANY + 1));
});

test.each([
  ["without effect", "beforeCommit", 1],
  ["after it took effect", "afterCommit", 2],
] as const)("when the second of them failed %s, the next begins where Kafka says", async (_, when, done) => {
  let transactions = 0;
  kafka[when] = async () => {
    if (++transactions === 2) throw new Error("coordinator gone");
  };
  await kafka.fetch(MANY);
  const { in: reached = 0n } = kafka.offsets;
  expect(kafka.committed).toEqual(sums(Number(reached)));
  expect(transactions).toBe(2);
  await kafka.fetch(MANY); // waits for the task to be opened anew, and is void
  await kafka.fetch(MANY - Number(reached));
  expect(kafka.committed).toEqual(sums(MANY));
  expect(transactions).toBe(done === 1 ? 4 : 3);
  expect(warnings).toEqual([expect.stringMatching(/^in\/0@\d+: the transaction failed and is retried: coord/)]);
});

test("a partition that goes to another member is let go of between two of them", async () => {
  kafka.beforeCommit = async () => {
    kafka.subscription?.onAssigned([], () => {});
  };
  await kafka.fetch(MANY);
  const { in: reached = 0n } = kafka.offsets;
  expect(reached).toBeGreaterThan(0n);
  expect(reached).toBeLessThan(BigInt(MANY));
  expect(kafka.committed).toEqual(sums(Number(reached)));
  expect(kafka.fetched.in).toBe(0n); // the batch is not done
  expect(warnings).toEqual([]);
});

/** Its heartbeat fails while its transaction is still at work. */
async function givenUp(fetch: Promise<void>): Promise<void> {
  const failed = expect(fetch).rejects.toThrow("no answer");
  await jest.advanceTimersByTimeAsync(1000);
  await failed;
}

test("a batch fetched again while its transaction is still at work is not processed twice", async () => {
  const slow = Promise.withResolvers<void>();
  kafka.beforeCommit = () => slow.promise;
  // The heartbeat fails first, so the client gives up on the batch; the transaction goes on.
  await givenUp(kafka.fetch(2, () => Promise.reject(new Error("no answer"))));
  await kafka.fetch(2);
  slow.resolve();
  await kafka.fetch(2);
  await kafka.fetch(1);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
  expect(kafka.offsets.in).toBe(3n);
});

test("nor is one fetched again after its transaction was committed unseen", async () => {
  const slow = Promise.withResolvers<void>();
  kafka.beforeCommit = () => slow.promise;
  await givenUp(kafka.fetch(2, () => Promise.reject(new Error("no answer"))));
  slow.resolve();
  await jest.advanceTimersByTimeAsync(1);
  await kafka.fetch(2);
  await kafka.fetch(2);
  await kafka.fetch(1);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
});

test("a partition given to another member is left alone", async () => {
  await kafka.fetch(1);
  const slow = Promise.withResolvers<void>();
  kafka.beforeCommit = () => slow.promise;
  await givenUp(kafka.fetch(2, () => Promise.reject(new Error("no answer"))));
  await kafka.fetch(2); // asks for the task to be opened anew when the transaction at work has ended
  const { epoch } = kafka;
  kafka.subscription?.onAssigned([], () => {});
  slow.resolve();
  await jest.advanceTimersByTimeAsync(10);
  await kafka.fetch(1);
  expect(kafka.epoch).toBe(epoch); // the new owner is not fenced
  expect(kafka.committed).toEqual(["1", "2", "3"]);
});

test("nor does a member that the group gave up, as after a freeze, take it back from who has it now", async () => {
  await kafka.fetch(1);
  const { epoch } = kafka;
  kafka.beforeCommit = () => Promise.reject(new Error("it took longer than the transaction may"));
  await kafka.fetch(1, () => Promise.reject(new Error("UNKNOWN_MEMBER_ID")));
  await jest.advanceTimersByTimeAsync(10);
  expect(kafka.epoch).toBe(epoch);
  await expect(kafka.fetch(1)).rejects.toThrow("UNKNOWN_MEMBER_ID"); // which makes the client join again
});

test("a service that was replaced by a copy ends", async () => {
  kafka.epoch++;
  await kafka.fetch(1);
  await expect(ended).rejects.toThrow("another copy of this service has taken over its transactional id p-sum-0");
});

test("and leaves alone what it is assigned while it ends, which is for whoever comes after it", async () => {
  kafka.epoch++;
  await kafka.fetch(1);
  await expect(ended).rejects.toThrow("another copy");
  const { epoch } = kafka;
  kafka.subscription?.onAssigned([{ topic: "in", partition: 0 }], () => {});
  await jest.advanceTimersByTimeAsync(10);
  expect(kafka.epoch).toBe(epoch);
});

test("a stop ends it", async () => {
  stop.abort();
  await expect(ended).resolves.toBeUndefined();
});

test("on a full disk the state goes on in memory, and the journal says so once", async () => {
  await kafka.fetch(2);
  const { exec } = DatabaseSync.prototype;
  const full = Object.assign(new Error("database or disk is full"), { code: "ERR_SQLITE_ERROR", errcode: 13 });
  jest.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
    if (sql === "COMMIT" && this.location() !== null) throw full;
    return exec.call(this, sql);
  });
  for (let i = 0; i < 3; i++) {
    jest.setSystemTime(Date.now() + 11_000); // what changed is then due to be written to the disk
    await kafka.fetch(1);
    await kafka.fetch(0); // waits for the task, should it be opened anew
  }
  expect(kafka.committed).toEqual(["1", "2", "3", "4", "5"]);
  expect(warnings).toEqual([
    "/0.sqlite: database or disk is full; going on with the state in memory, from the changelog; free space on the disk or repair it, then restart the service",
  ]);
});
