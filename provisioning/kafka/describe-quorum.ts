import { connect } from "node:net";

const answerTimeoutMs = 3_000;
const apiKey = 55;
/** The first version that tells when a voter last fetched (Kafka 3.3, KIP-836). */
const apiVersion = 1;
const notLeader = 6;

/** How one member of the quorum stands, by the word of its leader. */
export interface Replica {
  readonly id: number;
  readonly logEndOffset: number;
  /** Milliseconds since 1970 by the leader's clock; the leader's own is now, -1 is never. */
  readonly lastFetchMs: number;
}

export interface QuorumFacts {
  /** Node id. */
  readonly leaderId: number;
  /** Counts the elections. */
  readonly leaderEpoch: number;
  /** None when the one that was asked does not lead. */
  readonly voters: readonly Replica[];
}

/**
 * Asks a controller (`host:port`) for the state of the quorum of the cluster's metadata: Kafka's DescribeQuorum, which
 * kafkajs does not have. Only the leader can tell. Throws when there is no answer, or no sensible one.
 */
export function describeQuorum(controller: string): Promise<QuorumFacts> {
  const [host = "", port = ""] = controller.split(":");
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ host, port: Number(port), timeout: answerTimeoutMs }, () => socket.write(request()));
    const fail = (found: string) => {
      socket.destroy();
      reject(new Error(`${controller}: found ${found}, wanted the state of the quorum`));
    };
    socket.on("data", (data) => {
      received.push(data);
      const bytes = Buffer.concat(received);
      if (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE(0)) return;
      try {
        resolve(readResponse(bytes.subarray(4)));
        socket.destroy();
      } catch (error) {
        fail((error as Error).message);
      }
    });
    socket.on("timeout", () => fail(`no answer within ${answerTimeoutMs / 1000} s`));
    socket.on("error", (error) => fail(error.message)).on("close", () => fail("no answer"));
  });
}

/** Kafka protocol guide, DescribeQuorum request, with request header v2. Lengths of the compact types are one more. */
function request(): Buffer {
  const topic = Buffer.from("__cluster_metadata");
  const body = Buffer.from([
    ...[0, apiKey, 0, apiVersion, 0, 0, 0, 1], // correlation id 1
    ...[0xff, 0xff, 0], // no client id, no tagged fields
    ...[2, topic.length + 1, ...topic], // one topic
    ...[2, 0, 0, 0, 0, 0], // of it partition 0
    ...[0, 0],
  ]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** The response from its header (v1) on. */
function readResponse(bytes: Buffer): QuorumFacts {
  const read = new Reader(bytes);
  read.int32(); // correlation id
  read.tags();
  refuse(read.int16());
  const [quorum] = read.list(() => {
    read.skip(read.varint() - 1); // the topic's name
    const [partition] = read.list(() => {
      read.int32(); // its index
      const error = read.int16();
      const leaderId = read.int32();
      const leaderEpoch = read.int32();
      read.skip(8); // high watermark
      const voters = read.list(() => replica(read));
      read.list(() => replica(read)); // observers
      read.tags();
      if (error !== notLeader) refuse(error);
      return { leaderId, leaderEpoch, voters: error === notLeader ? [] : voters };
    });
    read.tags();
    return partition;
  });
  if (quorum === undefined) throw new Error("an answer without the partition that was asked for");
  return quorum;
}

function replica(read: Reader): Replica {
  const one = { id: read.int32(), logEndOffset: read.int64(), lastFetchMs: read.int64() };
  read.skip(8); // last caught up
  read.tags();
  return one;
}

function refuse(error: number): void {
  if (error !== 0) throw new Error(`Kafka's error ${error}`);
}

/** Reads Kafka's primitive types one after another; past the end it throws. */
class Reader {
  private at = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  int16(): number {
    return this.bytes.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.skip(4));
  }

  int64(): number {
    return Number(this.bytes.readBigInt64BE(this.skip(8)));
  }

  varint(): number {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = this.bytes.readUInt8(this.skip(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** Goes on by so many bytes; gives where they begin. */
  skip(count: number): number {
    const from = this.at;
    this.at += count;
    if (this.at > this.bytes.length) throw new Error("an answer that ends early");
    return from;
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.varint() - 1) }, item);
  }

  /** Tagged fields, which say nothing here. */
  tags(): void {
    for (let left = this.varint(); left > 0; left--) {
      this.varint();
      this.skip(this.varint());
    }
  }
}
