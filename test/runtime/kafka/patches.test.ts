import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import { build } from "esbuild";
import { applyPatch } from "../../../runtime/kafka/patches/patch.ts";
import { patchKafkajs } from "../../../runtime/kafka/patches/plugin.ts";

/** Modules of kafkajs as a bundled service has them. */
interface Modules {
  groupMessagesPerPartition(options: object): Record<number, object[]>;
  decodeMessages(decoder: object): Promise<{ offset: string; isControlRecord: boolean }[]>;
  Decoder: new (buffer: Buffer) => object;
  Record(options: object): { buffer: Buffer };
  sendMessages(options: object): (send: object) => Promise<object[]>;
  RequestQueue: new (options: object) => { push(request: object): void; fulfillRequest(response: object): void };
}

let kafkajs: Modules;

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        exports.groupMessagesPerPartition = require("kafkajs/src/producer/groupMessagesPerPartition.js");
        exports.decodeMessages = require("kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js");
        exports.Decoder = require("kafkajs/src/protocol/decoder.js");
        exports.Record = require("kafkajs/src/protocol/recordBatch/record/v0/index.js");
        exports.sendMessages = require("kafkajs/src/producer/sendMessages.js");
        exports.RequestQueue = require("kafkajs/src/network/requestQueue/index.js");`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    plugins: [patchKafkajs],
  });
  const file = join(mkdtempSync(join(tmpdir(), "bramble-patches-")), "kafkajs.cjs");
  writeFileSync(file, outputFiles[0]?.contents ?? "");
  kafkajs = createRequire(import.meta.url)(file) as Modules;
});

describe("kafkajs, as it is bundled", () => {
  test("groups the messages of a large send in linear time, in their order", () => {
    const messages = Array.from({ length: 50_000 }, (_, i) => ({ partition: i % 2 }));
    const start = performance.now();
    const grouped = kafkajs.groupMessagesPerPartition({
      topic: "t",
      partitionMetadata: [{}, {}],
      messages,
      partitioner: ({ message }: { message: { partition: number } }) => message.partition,
    });
    // Unpatched it copies 1.25 billion references, which takes many seconds on any machine.
    expect(performance.now() - start).toBeLessThan(2000);
    expect(grouped[0]).toEqual(messages.filter(({ partition }) => partition === 0));
    expect(grouped[1]).toHaveLength(25_000);
  });

  describe("reading what was fetched", () => {
    /** A record batch (format v2) of records with one byte of value, with its size before it, as a broker sends it. */
    function batch(baseOffset: bigint, lastOffsetDelta: number, offsetDeltas: readonly number[]): Buffer {
      // Length 7; attributes, timestamp delta; offset delta; no key; value of 1 byte; no headers (zigzag varints).
      const records = offsetDeltas.map((delta) => Buffer.from([14, 0, 0, 2 * delta, 1, 2, 0x37, 0]));
      const bytes = 8 * records.length;
      const head = Buffer.alloc(4 + 61);
      head.writeInt32BE(61 + bytes, 0);
      head.writeBigInt64BE(baseOffset, 4);
      head.writeInt32BE(61 - 12 + bytes, 12);
      head.writeInt8(2, 20); // magic
      head.writeInt32BE(lastOffsetDelta, 27);
      head.writeInt32BE(records.length, 61);
      return Buffer.concat([head, ...records]);
    }
    const read = async (bytes: Buffer) =>
      (await kafkajs.decodeMessages(new kafkajs.Decoder(bytes))).map(({ offset, isControlRecord }) =>
        isControlRecord ? `${offset} hidden` : offset,
      );

    test("goes past a batch that compaction has emptied", async () => {
      expect(await read(batch(10n, 4, []))).toEqual(["14 hidden"]);
    });

    test("goes past the end of a batch whose last records compaction has taken", async () => {
      expect(await read(batch(10n, 4, [0, 1]))).toEqual(["10", "11", "14 hidden"]);
    });

    test("adds nothing to a batch that is whole", async () => {
      expect(await read(batch(10n, 2, [0, 1, 2]))).toEqual(["10", "11", "12"]);
    });

    test("takes a batch of any number of records", async () => {
      expect(await read(batch(0n, 0, Array(150_000).fill(0)))).toHaveLength(150_000);
    });
  });

  test("encodes a record without filling half a kilobyte with zeros first", () => {
    const alloc = jest.spyOn(Buffer, "alloc");
    const allocUnsafe = jest.spyOn(Buffer, "allocUnsafe");
    const { buffer } = kafkajs.Record({ key: null, value: Buffer.from("55.4") });
    expect(alloc).not.toHaveBeenCalled();
    expect(Math.max(...allocUnsafe.mock.calls.map(([bytes]) => bytes))).toBeLessThanOrEqual(32);
    jest.restoreAllMocks();
    // Length 10; attributes, timestamp delta, offset delta 0; no key; value of 4 bytes; no headers (zigzag varints).
    expect(buffer.toString("hex")).toBe(`14${"000000"}01${"08"}${Buffer.from("55.4").toString("hex")}00`);
  });

  describe("sending to two brokers, of which one fails", () => {
    type Produced = { topic: string; partitions: { partition: number; firstSequence: number }[] }[];
    type Broker = { nodeId: number; produce(request: { topicData: Produced }): Promise<object> };
    const notLeader = Object.assign(new Error("not the leader"), { name: "KafkaJSProtocolError", retriable: true });
    const answer = (topicData: Produced) => ({
      topics: topicData.map(({ topic, partitions }) => ({ topicName: topic, partitions })),
    });

    /** Sends one message to each of `a/0` and `b/0`, trying again after errors, as a transactional producer does. */
    async function send(brokers: Broker[], leaders: Record<string, number>) {
      const logger = { debug: () => {}, error: () => {} };
      const sequences = new Map<string, number>();
      const locks = new Map<Broker, Promise<void>>();
      const releases = new Map<Broker, () => void>();
      const sequence = (topic: string) => sequences.get(topic) ?? 0;
      const eosManager = {
        isTransactional: () => true,
        addPartitionsToTransaction: async () => {},
        getTransactionalId: () => "t",
        getProducerId: () => 1,
        getProducerEpoch: () => 0,
        getSequence: sequence,
        updateSequence: (topic: string, _: number, count: number) => sequences.set(topic, sequence(topic) + count),
        acquireBrokerLock: async (broker: Broker) => {
          while (locks.has(broker)) await locks.get(broker);
          locks.set(broker, new Promise((release) => releases.set(broker, release)));
        },
        releaseBrokerLock: async (broker: Broker) => {
          locks.delete(broker);
          releases.get(broker)?.();
        },
      };
      const cluster = {
        addMultipleTargetTopics: async () => {},
        refreshMetadataIfNecessary: async () => {},
        refreshMetadata: async () => {},
        isConnected: () => true,
        findTopicPartitionMetadata: () => [{ partitionId: 0 }],
        findLeaderForPartitions: (topic: string, partitions: string[]) =>
          partitions.length > 0 ? { [leaders[topic] ?? 0]: partitions } : {},
        findBroker: async ({ nodeId }: { nodeId: string }) => brokers[Number(nodeId)],
      };
      const retrier = async (attempt: (bail: (error: Error) => void) => Promise<object[]>) => {
        for (let tries = 1; ; tries++) {
          try {
            return await attempt((error) => {
              throw error;
            });
          } catch (error) {
            if (tries === 5) throw error;
          }
        }
      };
      const sendMessages = kafkajs.sendMessages({ logger, cluster, partitioner: () => 0, eosManager, retrier });
      const topicMessages = ["a", "b"].map((topic) => ({ topic, messages: [{ value: topic }] }));
      return sendMessages({ acks: -1, timeout: 1000, topicMessages });
    }

    test("waits for the other one and does not send there again", async () => {
      const written: Produced = [];
      let failures = 1;
      const slow: Broker = {
        nodeId: 0,
        produce: async ({ topicData }) => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          written.push(...topicData);
          return answer(topicData);
        },
      };
      const failing: Broker = {
        nodeId: 1,
        produce: async ({ topicData }) => {
          if (failures-- > 0) throw notLeader;
          written.push(...topicData);
          return answer(topicData);
        },
      };
      const responses = await send([slow, failing], { a: 0, b: 1 });
      expect(written.map(({ topic, partitions }) => [topic, partitions[0]?.firstSequence])).toEqual([
        ["a", 0],
        ["b", 0],
      ]);
      expect(responses).toHaveLength(2);
    });

    test("sends to a partition that moved to the broker that has answered already", async () => {
      const written: string[] = [];
      const leaders = { a: 0, b: 1 };
      const steady: Broker = {
        nodeId: 0,
        produce: async ({ topicData }) => {
          written.push(...topicData.map(({ topic }) => topic));
          return answer(topicData);
        },
      };
      const former: Broker = {
        nodeId: 1,
        produce: async () => {
          leaders.b = 0;
          throw notLeader;
        },
      };
      await send([steady, former], leaders);
      expect(written).toEqual(["a", "b"]);
    });
  });

  describe("on a connection", () => {
    const logger = { debug: () => {}, warn: () => {} };
    const newQueue = (maxInFlightRequests: number | null) =>
      new kafkajs.RequestQueue({ maxInFlightRequests, requestTimeout: 1000, clientId: "c", broker: "b", logger });
    const request = (correlationId: number, sendRequest: () => void) => ({
      entry: { correlationId, resolve: () => {}, reject: () => {} },
      expectResponse: true,
      sendRequest,
    });

    test("sets no timer while no request waits", () => {
      jest.useFakeTimers();
      const queue = newQueue(null);
      queue.push(request(1, () => {}));
      queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
      expect(jest.getTimerCount()).toBe(0);
      jest.useRealTimers();
    });

    test("still sends a request that had to wait", () => {
      jest.useFakeTimers();
      const sent: number[] = [];
      const queue = newQueue(1);
      queue.push(request(1, () => sent.push(1)));
      queue.push(request(2, () => sent.push(2)));
      expect(sent).toEqual([1]);
      queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
      expect(sent).toEqual([1, 2]);
      jest.useRealTimers();
    });
  });
});

test("a patch that no longer fits fails the bundle instead of lapsing", () => {
  const patch = { module: "src/a.js", upstream: [], edits: [{ find: "slow()", replace: "fast()" }] };
  expect(applyPatch(patch, "slow(); slow()")).toBe("fast(); fast()");
  expect(() => applyPatch(patch, "other()")).toThrow("kafkajs/src/a.js: the patch for it no longer fits");
});
