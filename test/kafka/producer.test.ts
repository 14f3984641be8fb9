import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { HEAD_BYTES } from "../../kafka/batch-layout.ts";
import type { CoordinatorKey, ProducerCluster, Requests } from "../../kafka/cluster.ts";
import { FencedError } from "../../kafka/errors.ts";
import type { RecordProducer } from "../../kafka/kafka.ts";
import { openIdempotentProducer, openTransactionalProducer } from "../../kafka/producer.ts";
import { recordsOf } from "../../kafka/record-reader.ts";

const [NOT_LEADER, CONCURRENT, NOT_COORDINATOR, DUPLICATE, FENCED] = [6, 51, 16, 46, 90];
const [TOO_LARGE, OUT_OF_ORDER] = [10, 45];
const options = { transactionalId: "p-con1-0", partition: 0, copartitioned: ["changelog"] };

/** What a broker was sent of one partition. */
interface Sent {
  readonly broker: number;
  readonly where: string;
  readonly values: readonly string[];
  readonly firstSequence: number;
}

/**
 * Two brokers, of which the leaders of partitions and the answers are the test's. A request that it does not know fails.
 */
class FakeCluster implements ProducerCluster {
  readonly requests: string[] = [];
  readonly sent: Sent[] = [];
  readonly forgotten: string[] = [];
  /** Of transactions: whether each was committed. */
  readonly ends: boolean[] = [];
  /** By `topic/partition`; broker 1 leads all others. */
  readonly leaders = new Map<string, number>();
  /** The next error codes that a request is answered with, by its name or, of Produce, by `topic/partition`. */
  readonly errors = new Map<string, number[]>();
  partitions = 1;
  #offset = 100n;

  async topic(name: string) {
    const leaders = Array.from({ length: this.partitions }, (_, i) => ({
      nodeId: this.leaders.get(`${name}/${i}`) ?? 1,
      epoch: 0,
    }));
    return { name, id: "", leaders };
  }

  async leader({ topic, partition }: { topic: string; partition: number }) {
    return { nodeId: this.leaders.get(`${topic}/${partition}`) ?? 1, epoch: 0 };
  }

  forget(names: Iterable<string>) {
    this.forgotten.push(...names);
  }

  forgetCoordinator({ id }: CoordinatorKey) {
    this.forgotten.push(id);
  }

  async broker(nodeId: number) {
    return this.#requests(nodeId);
  }

  async coordinator() {
    return this.#requests(0);
  }

  async any() {
    return this.#requests(0);
  }

  #requests(nodeId: number): Requests {
    return { request: async (api, request) => this.#answer(nodeId, api.name, request) as never };
  }

  #answer(nodeId: number, name: string, request: unknown): unknown {
    if (name === "Produce") return this.#take(nodeId, request as ProduceRequest);
    this.requests.push(name);
    const errorCode = this.errors.get(name)?.shift() ?? 0;
    const ofPartition = { partitionIndex: 0, errorCode, partitionErrorCode: errorCode };
    switch (name) {
      case "InitProducerId":
        return { errorCode, producerId: 7n, producerEpoch: 2 };
      case "AddPartitionsToTxn":
        return { resultsByTopic: [{ name: "out", resultsByPartition: [ofPartition] }] };
      case "AddOffsetsToTxn":
        return { errorCode };
      case "EndTxn":
        this.ends.push((request as { committed: boolean }).committed);
        return { errorCode };
      case "TxnOffsetCommit":
        return { topics: [{ name: "in", partitions: [ofPartition] }] };
      default:
        throw new Error(`nobody answers ${name} here`);
    }
  }

  #take(broker: number, { topicData }: ProduceRequest) {
    const responses = topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records }) => {
        const where = `${name}/${index}`;
        const batch = Buffer.from(records).subarray(HEAD_BYTES);
        const values = [...recordsOf([{ baseOffset: 0n, bytes: batch }])].map(({ value }) => String(value));
        this.sent.push({ broker, where, values, firstSequence: batch.readInt32BE(41) });
        const errorCode = this.errors.get(where)?.shift() ?? 0;
        return {
          index,
          errorCode,
          baseOffset: errorCode === 0 ? this.#offset++ : -1n,
          errorMessage: null,
          recordErrors: [],
        };
      }),
    }));
    return { responses };
  }
}

interface ProduceRequest {
  readonly topicData: readonly {
    readonly name: string;
    readonly partitionData: readonly { readonly index: number; readonly records: Buffer }[];
  }[];
}

let cluster: FakeCluster;
let producer: RecordProducer;

const record = (topic: string, value: string, key: string | null = null) => ({ topic, key, value });
const consumed = [{ groupId: "p-con1", partition: { topic: "in", partition: 0 }, offset: 5n, leaderEpoch: 3 }];

beforeEach(async () => {
  // Time passes as fast as somebody waits for it.
  jest.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void) => setImmediate(work)) as never);
  cluster = new FakeCluster();
  producer = await openTransactionalProducer(cluster, options);
});

describe("a transaction", () => {
  test("takes its partitions and offsets in, then writes both, then ends", async () => {
    const written = await producer.transact({
      records: [record("out", "1"), record("out", "2")],
      changelog: [record("changelog", "s", "k")],
      consumed,
    });
    expect(cluster.requests).toEqual([
      ...["InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn"],
    ]);
    expect(cluster.sent).toEqual([
      { broker: 1, where: "out/0", values: ["1", "2"], firstSequence: 0 },
      { broker: 1, where: "changelog/0", values: ["s"], firstSequence: 0 },
    ]);
    expect([...written]).toEqual([["changelog", { offset: 102n, leaderEpoch: 0 }]]);
    expect(producer.partitionsOf("out")).toBe(1);
  });

  test("of nothing asks nobody", async () => {
    await producer.transact({ records: [], changelog: [] });
    expect(cluster.requests).toEqual(["InitProducerId"]);
  });

  test("goes on counting where the one before ended", async () => {
    await producer.transact({ records: [record("out", "1"), record("out", "2")], changelog: [] });
    await producer.transact({ records: [record("out", "3")], changelog: [] });
    expect(cluster.sent.map(({ firstSequence }) => firstSequence)).toEqual([0, 2]);
  });

  test("sends again exactly what no broker has, to who leads it by then, with the numbers that it had", async () => {
    cluster.partitions = 2;
    cluster.leaders.set("out/1", 2);
    cluster.errors.set("out/1", [NOT_LEADER]);
    const forget = jest.spyOn(cluster, "forget").mockImplementation(() => {
      cluster.leaders.set("out/1", 1);
    });
    await producer.transact({
      records: [
        { ...record("out", "a"), partition: 0 },
        { ...record("out", "b"), partition: 1 },
      ],
      changelog: [],
    });
    expect(forget).toHaveBeenCalledWith(["out"]);
    expect(cluster.sent).toEqual([
      { broker: 1, where: "out/0", values: ["a"], firstSequence: 0 },
      { broker: 2, where: "out/1", values: ["b"], firstSequence: 0 },
      { broker: 1, where: "out/1", values: ["b"], firstSequence: 0 },
    ]);
  });

  test("takes a batch for written that the broker has already", async () => {
    cluster.errors.set("out/0", [DUPLICATE]);
    await producer.transact({ records: [record("out", "1")], changelog: [] });
    expect(cluster.requests.at(-1)).toBe("EndTxn");
  });

  test("waits for the one before, and asks who coordinates it when that has moved", async () => {
    cluster.errors.set("AddPartitionsToTxn", [CONCURRENT, CONCURRENT]);
    cluster.errors.set("EndTxn", [NOT_COORDINATOR]);
    await producer.transact({ records: [record("out", "1")], changelog: [] });
    expect(cluster.requests.filter((name) => name === "AddPartitionsToTxn")).toHaveLength(3);
    expect(cluster.forgotten).toEqual(["p-con1-0"]);
  });

  test("that another producer fences fails as that", async () => {
    cluster.errors.set("EndTxn", [FENCED]);
    const transaction = producer.transact({ records: [record("out", "1")], changelog: [] });
    await expect(transaction).rejects.toThrow(FencedError);
  });

  test("whose records a broker refuses is aborted, and the next one counts on from there", async () => {
    await producer.transact({ records: [record("out", "1")], changelog: [] });
    cluster.errors.set("out/0", [TOO_LARGE]);
    const bad = record("out", "2");
    const transaction = producer.transact({ records: [bad], changelog: [], consumed });
    await expect(transaction).rejects.toMatchObject({ isExact: true, refused: [{ record: bad }] });
    expect(cluster.ends).toEqual([true, false]);
    await producer.transact({ records: [record("out", "3")], changelog: [] });
    expect(cluster.sent.map(({ firstSequence }) => firstSequence)).toEqual([0, 1, 1]);
  });

  test("that fails for good in any other way is not ended: nobody knows what took effect", async () => {
    cluster.errors.set("out/0", [OUT_OF_ORDER]);
    const transaction = producer.transact({ records: [record("out", "1")], changelog: [] });
    await expect(transaction).rejects.toMatchObject({ type: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
    expect(cluster.ends).toEqual([]);
  });

  test("is not begun for encoded records with a key once their topic has more than one partition", async () => {
    cluster.partitions = 2;
    const sends = [{ count: 1, keyed: true, encode: () => Buffer.alloc(0), release: () => {} }];
    const transaction = producer.transact({ records: [], changelog: [], encoded: { topic: "out", sends } });
    await expect(transaction).rejects.toThrow("out has grown to 2 partitions");
    expect(cluster.requests).toEqual(["InitProducerId"]);
  });
});

test("at-least-once, a position is committed after all that led to it", async () => {
  const order: string[] = [];
  const atLeastOnce = await openIdempotentProducer(cluster, options, async ({ offset }) => {
    order.push(...cluster.sent.map(({ where }) => where), `position ${offset}`);
  });
  await atLeastOnce.transact({ records: [record("out", "1")], changelog: [record("changelog", "s", "k")], consumed });
  expect(order).toEqual(["out/0", "changelog/0", "position 5"]);
  expect(cluster.requests).toEqual(["InitProducerId", "InitProducerId"]);
});
