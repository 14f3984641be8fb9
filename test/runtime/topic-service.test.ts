import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { fold, number, type Operator } from "../../operators/operator.ts";
import { FencedError } from "../../runtime/kafka/errors.ts";
import type { Batch, Kafka, Subscription, Transaction } from "../../runtime/kafka/kafka.ts";
import type { Service } from "../../runtime/service.ts";
import { consumeTopic } from "../../runtime/topic-service.ts";

/**
 * A Kafka of one partition in memory. It knows only what these cases ask of it; `transact` waits or fails as a case
 * wants, before or after it took effect, as a real one may.
 */
class FakeKafka implements Kafka {
  readonly committed: string[] = [];
  offset = 0n;
  state = new Map<string, string>();
  epoch = 0;
  beforeCommit: () => Promise<void> = async () => {};
  afterCommit: () => Promise<void> = async () => {};
  subscription: Subscription | undefined;
  sought: bigint | undefined;
  fetched = 0n;

  async transactionalProducer() {
    const epoch = ++this.epoch;
    return {
      transact: async ({ records, consumed }: Transaction) => {
        await this.beforeCommit();
        if (epoch !== this.epoch) throw new FencedError("p-sum-0", undefined);
        for (const { topic, key, value } of records) {
          if (topic === "out") this.committed.push(String(value));
          else this.state.set(String(key), String(value));
        }
        this.offset = consumed?.offset ?? this.offset;
        await this.afterCommit();
      },
      close: async () => {},
    };
  }

  async inspect<T>(work: Parameters<Kafka["inspect"]>[0]): Promise<T> {
    return work({
      committedOffset: async () => this.offset,
      earliestOffset: async () => 0n,
      retireMember: async () => {},
      readToEnd: async (_, onRecord) => {
        for (const [key, value] of this.state) {
          onRecord({ offset: 0n, timestamp: "0", key: Buffer.from(key), value: Buffer.from(value), headers: {} });
        }
      },
    }) as Promise<T>;
  }

  async consume(subscription: Subscription) {
    this.subscription = subscription;
    subscription.onAssigned([0], (_, offset) => {
      this.sought = offset;
    });
    return { ended: new Promise<never>(() => {}), stop: async () => {} };
  }

  /** Fetches the next `count` records, whose values are 1, and has them processed; as kafkajs does, with seeks first. */
  async fetch(count: number, heartbeat: () => Promise<void> = async () => {}): Promise<void> {
    if (this.sought !== undefined) this.fetched = this.sought;
    this.sought = undefined;
    const first = this.fetched;
    const batch: Batch = {
      partition: 0,
      records: Array.from({ length: count }, (_, i) => ({
        offset: first + BigInt(i),
        timestamp: "0",
        key: null,
        value: Buffer.from("1"),
        headers: {},
      })),
      nextOffset: first + BigInt(count),
      isStale: () => this.sought !== undefined,
      done: () => {
        this.fetched = first + BigInt(count);
      },
      heartbeat,
    };
    await this.subscription?.onBatch(batch);
  }
}

const sum = fold({ value: number(), initial: 0, step: (_, state, x) => [state + x, [state + x]] });
let kafka: FakeKafka;
let stop: AbortController;
let ended: Promise<void>;
let warnings: string[];

beforeEach(async () => {
  kafka = new FakeKafka();
  stop = new AbortController();
  warnings = [];
  const ignore = () => {};
  const service: Service = {
    spec: {
      name: "sum",
      groupId: "p-sum",
      bootstrapServers: [],
      input: { kind: "topic", topic: "in" },
      apply: [{ operator: "sum", params: {} }],
      output: { kind: "topic", topic: "out" },
      changelogTopic: "changelog",
    },
    chain: [{ name: "sum", operator: sum as unknown as Operator, params: {} }],
    kafka,
    journal: { info: ignore, warn: (message) => warnings.push(message), error: ignore },
    supervisor: { ready: ignore, status: ignore, alive: ignore, stopping: ignore },
    print: async () => {},
  };
  ended = consumeTopic(service, "in", stop.signal);
  ended.catch(() => {});
  await sleep(1);
  await kafka.fetch(0);
});
afterEach(() => stop.abort());

test("batches follow each other, with the state carried along", async () => {
  await kafka.fetch(2);
  await kafka.fetch(1);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
  expect(kafka.offset).toBe(3n);
});

test("after a transaction that failed without effect the records are processed again", async () => {
  await kafka.fetch(1);
  kafka.beforeCommit = () => Promise.reject(new Error("coordinator gone"));
  await kafka.fetch(2);
  kafka.beforeCommit = async () => {};
  await kafka.fetch(2); // waits for the task to be opened anew, and is void
  await kafka.fetch(2);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
  expect(warnings).toEqual(["in/0@1: the transaction failed and is tried again: coordinator gone"]);
});

test("after a transaction that took effect and yet seemed to fail they are not", async () => {
  kafka.afterCommit = () => Promise.reject(new Error("the answer was lost"));
  await kafka.fetch(2);
  kafka.afterCommit = async () => {};
  await kafka.fetch(2);
  await kafka.fetch(1);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
});

test("a batch fetched again while its transaction is still at work is not processed twice", async () => {
  const slow = Promise.withResolvers<void>();
  kafka.beforeCommit = () => slow.promise;
  // The heartbeat fails first, so the client gives up on the batch; the transaction goes on.
  await expect(kafka.fetch(2, () => Promise.reject(new Error("no answer")))).rejects.toThrow("no answer");
  await kafka.fetch(2);
  slow.resolve();
  await kafka.fetch(2);
  await kafka.fetch(1);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
  expect(kafka.offset).toBe(3n);
});

test("nor is one fetched again after its transaction was committed unseen", async () => {
  const slow = Promise.withResolvers<void>();
  kafka.beforeCommit = () => slow.promise;
  await expect(kafka.fetch(2, () => Promise.reject(new Error("no answer")))).rejects.toThrow("no answer");
  slow.resolve();
  await sleep(1);
  await kafka.fetch(2);
  await kafka.fetch(2);
  await kafka.fetch(1);
  expect(kafka.committed).toEqual(["1", "2", "3"]);
});

test("a partition given to another member is left alone", async () => {
  await kafka.fetch(1);
  const slow = Promise.withResolvers<void>();
  kafka.beforeCommit = () => slow.promise;
  await expect(kafka.fetch(2, () => Promise.reject(new Error("no answer")))).rejects.toThrow("no answer");
  await kafka.fetch(2); // asks for the task to be opened anew when the transaction at work has ended
  const { epoch } = kafka;
  kafka.subscription?.onAssigned([], () => {});
  slow.resolve();
  await sleep(10);
  await kafka.fetch(1);
  expect(kafka.epoch).toBe(epoch); // the new owner is not fenced
  expect(kafka.committed).toEqual(["1", "2", "3"]);
});

test("a service that was replaced by a copy ends", async () => {
  kafka.epoch++;
  await kafka.fetch(1);
  await expect(ended).rejects.toThrow("another copy of this service has taken over its transactional id p-sum-0");
});

test("a stop ends it", async () => {
  stop.abort();
  await expect(ended).resolves.toBeUndefined();
});
