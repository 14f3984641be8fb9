import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { ClusterClient, Leader, Requests } from "../../kafka/cluster.ts";
import { consume } from "../../kafka/consumer.ts";
import type { Consumption, TopicPartition } from "../../kafka/kafka.ts";
import { RecordWriter } from "../../kafka/record-writer.ts";

const [NOT_LEADER, OUT_OF_RANGE] = [6, 1];
const where = { topic: "t", partition: 0 };

interface FetchRequest {
  readonly topics: readonly { readonly partitions: readonly { readonly fetchOffset: bigint }[] }[];
}

/** One partition of numbers, each a batch of its own, whose leader moves; and a group of which this is the only member. */
class FakeCluster implements ClusterClient {
  /** Who leads it, and who the metadata says. */
  truth: Leader = { nodeId: 1, epoch: 5 };
  known: Leader | undefined = this.truth;
  end = 3n;
  /** Where the log of an epoch ended. */
  ends = new Map<number, bigint>();
  fetches: string[] = [];

  async refresh(names: readonly string[]) {
    return new Map(names.map((name) => [name, { name, id: "", leaders: [this.known] }]));
  }

  async topic(name: string) {
    return { name, id: "", leaders: [this.known] };
  }

  async leader() {
    return this.known ?? Promise.reject(new Error("no leader"));
  }

  describe = () => Promise.reject(new Error("nobody asks"));
  forget() {}
  forgetCoordinator() {}

  async any() {
    return this.#requests(0);
  }

  async broker(nodeId: number) {
    return this.#requests(nodeId);
  }

  async coordinator() {
    return this.#requests(0);
  }

  #requests(nodeId: number): Requests {
    return { request: async (api, request) => (await this.#answer(nodeId, api.name, request)) as never };
  }

  async #answer(nodeId: number, name: string, request: unknown): Promise<unknown> {
    switch (name) {
      case "JoinGroup":
        return { errorCode: 0, generationId: 1, leader: "me", memberId: "me", members: [{ memberId: "me" }] };
      case "SyncGroup": {
        const { assignments } = request as { assignments: readonly { assignment: Buffer }[] };
        const assignment = assignments[0]?.assignment;
        return { errorCode: 0, assignment };
      }
      case "Heartbeat":
      case "LeaveGroup":
        return { errorCode: 0 };
      case "OffsetForLeaderEpoch": {
        const { topics } = request as { topics: readonly { partitions: readonly { leaderEpoch: number }[] }[] };
        const leaderEpoch = topics[0]?.partitions[0]?.leaderEpoch ?? -1;
        return { topics: [{ partitions: [{ errorCode: 0, endOffset: this.ends.get(leaderEpoch) ?? this.end }] }] };
      }
      case "Fetch":
        return this.#fetch(nodeId, (request as FetchRequest).topics[0]?.partitions[0]?.fetchOffset ?? 0n);
      default:
        throw new Error(`nobody answers ${name} here`);
    }
  }

  async #fetch(nodeId: number, from: bigint) {
    this.fetches.push(`${nodeId}@${from}`);
    if (from === this.end) await new Promise((resolve) => setTimeout(resolve, 500));
    const isLeader = nodeId === this.truth.nodeId;
    const errorCode = !isLeader ? NOT_LEADER : from > this.end ? OUT_OF_RANGE : 0;
    const records = errorCode !== 0 || from >= this.end ? null : batch(from);
    const partition = { partitionIndex: 0, errorCode, abortedTransactions: null, records };
    return { errorCode: 0, responses: [{ topic: "t", partitions: [partition] }] };
  }
}

function batch(offset: bigint): Buffer {
  const writer = new RecordWriter(100);
  writer.writeAscii(null, String(offset), 1000);
  const bytes = Buffer.from(
    writer.finish().encode({ transactional: false, producerId: -1n, producerEpoch: -1, firstSequence: -1 }),
  );
  bytes.writeBigInt64BE(offset, 0);
  return bytes;
}

let cluster: FakeCluster;
let consumption: Consumption;
let read: string[];
let lost: string[];
let seek: (partition: TopicPartition, offset: bigint) => void;

beforeEach(async () => {
  jest.useFakeTimers();
  cluster = new FakeCluster();
  [read, lost] = [[], []];
  consumption = await consume({
    cluster,
    onCommitter: () => {},
    onComplaint: () => {},
    subscription: {
      groupId: "g",
      topics: ["t"],
      onAlive: () => {},
      onAssigned: (_, seekTo) => {
        seek = seekTo;
        seek(where, 0n);
      },
      onBatch: async (each) => {
        read.push(...[...each.records.decode()].map(({ value }) => String(value)));
        each.done();
      },
      onOutOfRange: ({ topic }, offset) => void lost.push(`${topic}@${offset}`),
    },
  });
});

afterEach(async () => {
  const stopped = consumption.stop();
  await jest.advanceTimersByTimeAsync(2000);
  await stopped;
  jest.useRealTimers();
});

test("a leader that has moved is found, however often the one before says that it is none any more", async () => {
  await jest.advanceTimersByTimeAsync(2000);
  expect(read).toEqual(["0", "1", "2"]);
  cluster.truth = { nodeId: 2, epoch: 6 };
  cluster.end = 5n;
  // The metadata is behind for a moment.
  await jest.advanceTimersByTimeAsync(1000);
  cluster.known = cluster.truth;
  await jest.advanceTimersByTimeAsync(1000);
  expect(read).toEqual(["0", "1", "2", "3", "4"]);
  expect(lost).toEqual([]);
});

test("while it has no leader a partition waits, and then goes on", async () => {
  await jest.advanceTimersByTimeAsync(2000);
  cluster.truth = { nodeId: 9, epoch: 6 };
  cluster.known = undefined;
  await jest.advanceTimersByTimeAsync(12_000);
  cluster.known = cluster.truth = { nodeId: 1, epoch: 7 };
  cluster.end = 4n;
  await jest.advanceTimersByTimeAsync(1000);
  expect(read).toEqual(["0", "1", "2", "3"]);
});

test("a partition whose log is shorter than what was read waits until somebody says where to go on", async () => {
  await jest.advanceTimersByTimeAsync(2000);
  cluster.end = 1n;
  await jest.advanceTimersByTimeAsync(2000);
  expect(lost).toEqual(["t@3"]);
  seek(where, 1n);
  cluster.end = 2n;
  await jest.advanceTimersByTimeAsync(1000);
  expect(read).toEqual(["0", "1", "2", "1"]);
});

test("so does one that a new leader has written anew since, although it is longer by then", async () => {
  await jest.advanceTimersByTimeAsync(2000);
  cluster.known = cluster.truth = { nodeId: 2, epoch: 6 };
  cluster.ends.set(5, 1n);
  cluster.end = 9n;
  await jest.advanceTimersByTimeAsync(12_000);
  expect(lost).toEqual(["t@3"]);
  expect(read).toEqual(["0", "1", "2"]);
});
