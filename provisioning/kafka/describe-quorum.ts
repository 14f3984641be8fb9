import { askBroker } from "./ask-broker.ts";
import { compactArray, compactString, int32, noTags } from "./primitive-types.ts";
import type { Reader } from "./reader.ts";

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
  return askBroker(controller, "read the state of the quorum", {
    apiKey: 55,
    // The first version that tells when a voter last fetched (Kafka 3.3, KIP-836).
    apiVersion: 1,
    body: metadataPartition(),
    read: quorumFacts,
  });
}

/** Kafka protocol guide, DescribeQuorum request, with request header v2. */
function metadataPartition(): Buffer {
  const partition = Buffer.concat([int32(0), noTags]);
  const topic = Buffer.concat([compactString("__cluster_metadata"), compactArray([partition]), noTags]);
  return Buffer.concat([noTags, compactArray([topic]), noTags]);
}

/** The response from the tagged fields of its header (v1) on. */
function quorumFacts(read: Reader): QuorumFacts {
  read.tags();
  refuse(read.int16());
  const [quorum] = read.compactArray(() => {
    read.skip(read.varint() - 1); // the topic's name
    const [partition] = read.compactArray(() => {
      read.int32(); // its index
      const error = read.int16();
      const leaderId = read.int32();
      const leaderEpoch = read.int32();
      read.skip(8); // high watermark
      const voters = read.compactArray(() => replica(read));
      read.compactArray(() => replica(read)); // observers
      read.tags();
      if (error !== notLeader) refuse(error);
      return { leaderId, leaderEpoch, voters: error === notLeader ? [] : voters };
    });
    read.tags();
    return partition;
  });
  if (quorum === undefined) throw new Error("the answer lacks the partition that was asked for");
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
