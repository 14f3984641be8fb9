import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import { build } from "esbuild";
import { fetchedRecords } from "../../../runtime/kafka/consumption.ts";
import { applyPatch } from "../../../runtime/kafka/patches/patch.ts";
import { patchKafkajs } from "../../../runtime/kafka/patches/plugin.ts";
import { RecordWriter } from "../../../runtime/kafka/record-writer.ts";
import { encodedBatch } from "./record-batches.ts";

/** Modules of kafkajs as a bundled service has them. */
interface Modules {
  groupMessagesPerPartition(options: object): Record<number, object[]>;
  decodeMessages(decoder: object): Promise<{ offset: string; isControlRecord: boolean }[]>;
  filterAbortedMessages<T>(options: { messages: T[]; abortedTransactions: object[] }): T[];
  produce(options: object): { encode(): Promise<{ buffer: Buffer }> };
  produceRequests: {
    versions: string[];
    protocol(asked: { version: number }): (options: object) => {
      request: { apiVersion: number };
      response: { decode(answer: Buffer): Promise<object>; parse(decoded: object): Promise<object> };
    };
  };
  metadata(options: object): { encode(): Promise<{ buffer: Buffer }> };
  createEosManager(options: object): {
    initProducerId(): Promise<void>;
    getSequence(topic: string, partition: number): number;
    updateSequence(topic: string, partition: number, count: number): void;
    beginTransaction(): void;
    addPartitionsToTransaction(topics: object[]): Promise<void>;
    sendOffsets(offsets: object): Promise<void>;
    commit(): Promise<void>;
  };
  Decoder: new (buffer: Buffer) => object;
  Record(options: object): { buffer: Buffer };
  createRequest(options: object): Promise<{ buffer: Buffer; all: Buffer[]; size(): number }>;
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
        exports.filterAbortedMessages = require("kafkajs/src/consumer/filterAbortedMessages.js");
        exports.produce = require("kafkajs/src/protocol/requests/produce/v3/request.js");
        exports.produceRequests = require("kafkajs/src/protocol/requests/produce/index.js");
        exports.metadata = require("kafkajs/src/protocol/requests/metadata/v6/request.js");
        exports.createEosManager = require("kafkajs/src/producer/eosManager/index.js");
        exports.Decoder = require("kafkajs/src/protocol/decoder.js");
        exports.createRequest = require("kafkajs/src/protocol/request.js");
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
    // Unpatched it copies 1.25 billion references, by spreading what it has so far.
    const iterator = Object.getPrototypeOf([][Symbol.iterator]());
    const { next } = iterator;
    let copied = 0;
    iterator.next = function () {
      if (++copied > messages.length) throw new Error("a message is copied more than once");
      return next.call(this);
    };
    const group = () =>
      kafkajs.groupMessagesPerPartition({
        topic: "t",
        partitionMetadata: [{}, {}],
        messages,
        partitioner: ({ message }: { message: { partition: number } }) => message.partition,
      });
    let grouped: ReturnType<typeof group>;
    try {
      grouped = group();
    } finally {
      iterator.next = next;
    }
    expect(grouped[0]).toEqual(messages.filter(({ partition }) => partition === 0));
    expect(grouped[1]).toHaveLength(25_000);
  });

  describe("reading what was fetched", () => {
    const sized = (bytes: Buffer) => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(bytes.length);
      return new kafkajs.Decoder(Buffer.concat([size, bytes]));
    };
    const record = (offsetDelta: number, value: string) => ({
      offsetDelta,
      timestampMs: 1000,
      key: null,
      value: Buffer.from(value),
    });

    test("leaves batches as they are, each at its last offset, whatever compaction has taken of it", async () => {
      const batches = [
        await encodedBatch(10n, [record(0, "7"), record(1, "8")], 4),
        await encodedBatch(15n, [record(0, "9")]),
      ];
      const fetched = await kafkajs.decodeMessages(sized(Buffer.concat(batches)));
      expect(fetched.map(({ offset, isControlRecord }) => [offset, isControlRecord])).toEqual([
        ["14", false],
        ["15", false],
      ]);
      const read = fetchedRecords(fetched as never, 11n);
      expect(read.batches).toHaveLength(2);
      expect(read.decode().map(({ offset, value }) => `${offset}: ${value}`)).toEqual(["11: 8", "15: 9"]);
    });

    test("goes past a batch that compaction has emptied", async () => {
      const empty = await encodedBatch(10n, [], 4);
      const fetched = await kafkajs.decodeMessages(sized(empty));
      expect(fetched.map(({ offset }) => offset)).toEqual(["14"]);
      expect(fetchedRecords(fetched as never, 10n).decode()).toEqual([]);
    });

    test("hides the records of aborted transactions, also of those that overlap, and not those between", () => {
      const batch = (offset: string, producerId: string, marker?: Buffer) => ({
        offset,
        key: marker,
        batchContext: { producerId, inTransaction: true },
      });
      const aborted = Buffer.from([0, 0, 0, 0]);
      const messages = [
        batch("12", "1"), // both began before the offset that was asked for
        batch("14", "2"),
        batch("15", "3"),
        batch("16", "1", aborted),
        batch("17", "1"),
        batch("18", "2", aborted),
        batch("19", "2"),
      ];
      const abortedTransactions = [
        { producerId: "1", firstOffset: "3" },
        { producerId: "2", firstOffset: "5" },
      ];
      const seen = kafkajs.filterAbortedMessages({ messages, abortedTransactions });
      expect(seen.filter(({ key }) => key === undefined).map(({ offset }) => offset)).toEqual(["15", "17", "19"]);
    });
  });

  describe("sending a batch that is encoded already", () => {
    const writer = new RecordWriter(100);
    writer.write("roof", "7", 1000);
    writer.write("roof", "8", 1001);
    const encoded = writer.finish();

    test("puts who sends it into it, and nothing else", async () => {
      const request = kafkajs.produce({
        acks: -1,
        timeout: 1000,
        transactionalId: "t",
        producerId: 4711,
        producerEpoch: 2,
        topicData: [{ topic: "a", partitions: [{ partition: 3, firstSequence: 17, messages: [{ encoded }] }] }],
      });
      const { buffer } = await request.encode();
      const wanted = encoded.encode({ transactional: true, producerId: 4711, producerEpoch: 2, firstSequence: 17 });
      const size = Buffer.alloc(4);
      size.writeInt32BE(wanted.length);
      expect(buffer.toString("hex")).toMatch(new RegExp(`00000003${size.toString("hex")}${wanted.toString("hex")}$`));
    });

    test("counts each of its records, and from 0 again after the last number there is", async () => {
      const eosManager = kafkajs.createEosManager({
        logger: { namespace: () => ({ debug: () => {} }), debug: () => {} },
        cluster: {
          refreshMetadataIfNecessary: async () => {},
          findControllerBroker: async () => ({ initProducerId: async () => ({ producerId: 1, producerEpoch: 0 }) }),
        },
        transactional: false,
      });
      await eosManager.initProducerId();
      const next = (count: number) => {
        eosManager.updateSequence("a", 0, count);
        return eosManager.getSequence("a", 0);
      };
      expect([next(2 ** 31 - 1), next(3), next(-3), next(1)]).toEqual([2 ** 31 - 1, 2, 2 ** 31 - 1, 0]);
    });
  });

  test("makes the very requests that it makes as it is installed, and copies no large record on the way", async () => {
    const require = createRequire(import.meta.url);
    const installed = {
      produce: require("kafkajs/src/protocol/requests/produce/v3/request.js") as Modules["produce"],
      createRequest: require("kafkajs/src/protocol/request.js") as Modules["createRequest"],
    };
    const large = Buffer.alloc(100_000, "large");
    const message = (value: Buffer | string) => ({ key: "k", value, timestamp: "1000" });
    const requestOf = ({ produce, createRequest }: Pick<Modules, "produce" | "createRequest">) => {
      const topicData = [
        { topic: "a", partitions: [{ partition: 3, messages: [message("small"), message(large), message("small")] }] },
        { topic: "b", partitions: [{ partition: 0, messages: [message("x".repeat(50_000))] }] },
      ];
      const request = produce({ acks: -1, timeout: 1000, topicData });
      return createRequest({ request, correlationId: 7, clientId: "con" });
    };
    const made = await requestOf(kafkajs);
    expect(made.all.length).toBeGreaterThan(2);
    expect(Buffer.concat(made.all)).toEqual((await requestOf(installed)).buffer);
    expect(made.size()).toBe(made.buffer.length);
  });

  test("asks for the answer that says which records of a batch were refused, and why", async () => {
    const { versions, protocol } = kafkajs.produceRequests;
    expect(versions.at(-1)).toBe("8");
    const { request, response } = protocol({ version: 8 })({ acks: -1, timeout: 1000, topicData: [] });
    expect(request.apiVersion).toBe(8);
    // As Kafka 3.9 answers: topic t, partition 1, error 32, offsets of -1, record 2 with a text, a text, no throttling.
    const text = (word: string) =>
      `${Buffer.from([0, word.length]).toString("hex")}${Buffer.from(word).toString("hex")}`;
    const none = "ff".repeat(8);
    const partition = `0000000100${"20"}${none}${none}${none}00000001${"00000002"}${text("late")}${text("some")}`;
    const decoded = await response.decode(Buffer.from(`00000001${text("t")}00000001${partition}00000000`, "hex"));
    expect(decoded).toMatchObject({
      topics: [
        {
          topicName: "t",
          partitions: [
            { partition: 1, errorCode: 32, recordErrors: [{ index: 2, message: "late" }], errorMessage: "some" },
          ],
        },
      ],
      clientSideThrottleTime: 0,
    });
    await expect(response.parse(decoded)).rejects.toMatchObject({
      type: "INVALID_TIMESTAMP",
      answer: [{ topicName: "t" }],
    });
  });

  test("asks for no topic when it has none in mind, where all would be null, that is -1", async () => {
    const asked = async (topics: string[]) =>
      (await kafkajs.metadata({ topics, allowAutoTopicCreation: false }).encode()).buffer.toString("hex");
    expect(await asked([])).toBe("0000000000");
    expect(await asked(["t"])).toBe(`00000001${"000174"}00`);
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

  describe("a transaction", () => {
    /** What was asked of a coordinator, in order; `fail` throws for what must not succeed. */
    function transactions(fail: (request: string) => void) {
      const asked: string[] = [];
      const answer = async (request: string) => {
        asked.push(request);
        fail(request);
        return { producerId: 1, producerEpoch: 0 };
      };
      const requests = ["initProducerId", "addPartitionsToTxn", "addOffsetsToTxn", "txnOffsetCommit", "endTxn"];
      const coordinator = Object.fromEntries(requests.map((request) => [request, () => answer(request)]));
      const eosManager = kafkajs.createEosManager({
        logger: { namespace: () => ({ debug: () => {} }), debug: () => {} },
        retry: { retries: 0 },
        cluster: {
          refreshMetadataIfNecessary: async () => {},
          async findGroupCoordinator({ groupId }: { groupId: string }) {
            asked.push(`find ${groupId}`);
            return { ...coordinator, isConnected: () => true };
          },
        },
        transactional: true,
        transactionalId: "id",
        transactionTimeout: 1,
      });
      return { asked, eosManager };
    }
    const partitions = [{ topic: "t", partitions: [{ partition: 0 }] }];
    const offsets = { consumerGroupId: "group", topics: [] };

    test("asks once who coordinates it, and whom its group has", async () => {
      const { asked, eosManager } = transactions(() => {});
      await eosManager.initProducerId();
      for (let i = 0; i < 2; i++) {
        eosManager.beginTransaction();
        await eosManager.addPartitionsToTransaction(partitions);
        await eosManager.sendOffsets(offsets);
        await eosManager.commit();
      }
      const round = ["addPartitionsToTxn", "addOffsetsToTxn", "txnOffsetCommit", "endTxn"];
      expect(asked).toEqual([
        "find id",
        "initProducerId",
        ...round.slice(0, 2),
        "find group",
        ...round.slice(2),
        ...round,
      ]);
    });

    test("asks the same one again when the one before is still being ended, and whoever it is by then when it has moved", async () => {
      const failures = new Map([
        ["addPartitionsToTxn", "CONCURRENT_TRANSACTIONS"],
        ["addOffsetsToTxn", "CONCURRENT_TRANSACTIONS"],
        ["txnOffsetCommit", "NOT_COORDINATOR_FOR_GROUP"],
        ["endTxn", "GROUP_LOAD_IN_PROGRESS"],
      ]);
      const { asked, eosManager } = transactions((request) => {
        const type = failures.get(request);
        if (failures.delete(request)) throw Object.assign(new Error(type), { type });
      });
      await eosManager.initProducerId();
      eosManager.beginTransaction();
      await eosManager.addPartitionsToTransaction(partitions);
      await eosManager.sendOffsets(offsets);
      await eosManager.commit();
      expect(asked).toEqual([
        ...["find id", "initProducerId", "addPartitionsToTxn", "addPartitionsToTxn"],
        ...["addOffsetsToTxn", "addOffsetsToTxn", "find group", "txnOffsetCommit", "find group", "txnOffsetCommit"],
        ...["find id", "endTxn", "find id", "endTxn"],
      ]);
    });

    test("fails at once with what no waiting helps, and then asks who coordinates it", async () => {
      const failures = ["INVALID_PRODUCER_EPOCH"];
      const { asked, eosManager } = transactions((request) => {
        const type = request === "addPartitionsToTxn" ? failures.shift() : undefined;
        if (type) throw Object.assign(new Error(type), { type });
      });
      await eosManager.initProducerId();
      eosManager.beginTransaction();
      await expect(eosManager.addPartitionsToTransaction(partitions)).rejects.toThrow("INVALID_PRODUCER_EPOCH");
      await eosManager.addPartitionsToTransaction(partitions);
      expect(asked.slice(2)).toEqual(["addPartitionsToTxn", "find id", "addPartitionsToTxn"]);
    });
  });

  describe("sending to two brokers, of which one fails", () => {
    type Produced = { topic: string; partitions: { partition: number; firstSequence: number }[] }[];
    type Broker = { nodeId: number; produce(request: { topicData: Produced }): Promise<object> };
    const notLeader = Object.assign(new Error("not the leader"), { name: "KafkaJSProtocolError", retriable: true });
    const answer = (topicData: Produced) => ({
      topics: topicData.map(({ topic, partitions }) => ({ topicName: topic, partitions })),
    });

    /** Sends one message to each of `a/0` and `b/0`, trying again after errors, as a transactional producer does. */
    async function send(brokers: Broker[], leaders: Record<string, number>, sequences = new Map<string, number>()) {
      const logger = { debug: () => {}, error: () => {} };
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
          partitions.length > 0 ? { [leaders[topic] ?? 0]: partitions.map(Number) } : {},
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

    test("counts on from what one partition took when the broker refuses what was for another, and says all of it", async () => {
      const written: Produced = [];
      const refusing: Broker = {
        nodeId: 0,
        produce: async ({ topicData }) => {
          written.push(
            ...topicData.map(({ topic, partitions }) => ({
              topic,
              partitions: partitions.map((each) => ({ ...each })),
            })),
          );
          const partition = (errorCode: number) => [{ partition: 0, errorCode }];
          const answers = [
            { topicName: "a", partitions: partition(32) },
            { topicName: "b", partitions: partition(0) },
          ];
          throw Object.assign(new Error("refused"), { retriable: false, answer: answers });
        },
      };
      const sequences = new Map<string, number>();
      const refused = await send([refusing], { a: 0, b: 0 }, sequences).catch((error) => error);
      expect([...sequences]).toEqual([
        ["a", 0],
        ["b", 1],
      ]);
      expect(refused.answer[0].partitions[0].messages).toMatchObject([{ value: "a" }]);
      // What was taken is not sent again, whatever is tried again.
      expect(written.filter(({ topic }) => topic === "b")).toHaveLength(1);
    });

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
