import type { UnreadableBatchError } from "./errors.ts";

/** What services and commands need of Kafka, in Kafka's words. Who speaks its protocol sits beside this file. */
export interface Kafka {
  /**
   * Opens the producer of one input partition: with exactly-once it fences the earlier holder of its transactional id and
   * finishes what that left open.
   */
  producer(options: RecordProducerOptions): Promise<RecordProducer>;
  inspect<T>(work: (inspector: Inspector) => Promise<T>): Promise<T>;
  /** Joins the group and consumes until `stop`; `ended` rejects when the consumer broke and a new one is needed. */
  consume(subscription: Subscription): Promise<Consumption>;
  /** Ends all connections at once. */
  close(): void;
}

export interface Inspector {
  /** Where a group left off; undefined when it never committed. Waits for offsets of open transactions to be decided. */
  committed(groupId: string, partition: TopicPartition): Promise<Committed | undefined>;
  /**
   * Behind the last offset that the log has of leaders up to this epoch (KIP-320): a position beyond it is one of records
   * that the log lost. Undefined when the log has nothing that old.
   */
  endOfEpoch(partition: TopicPartition, leaderEpoch: number): Promise<bigint | undefined>;
  /** Who runs, and those of these topics that there are. */
  describe(topics: readonly string[]): Promise<ClusterDescription>;
  earliestOffset(partition: TopicPartition): Promise<bigint>;
  /** Behind the last record, committed or not. */
  latestOffset(partition: TopicPartition): Promise<bigint>;
  /** Tells the partition's topic from one of the same name that was there before (KIP-516). */
  topicId(partition: TopicPartition): Promise<string>;
  /** The size of the largest record, or batch of records, that a topic takes, as `sizeOf` has it; Kafka's default when it cannot be told. */
  maxRecordBytes(topic: string): Promise<number>;
  /** The committed record at an offset; undefined when the topic does not hold it (any more). */
  recordAt(partition: TopicPartition, offset: bigint): Promise<IncomingRecord | undefined>;
  /**
   * The rest of the batch that an offset is in, from there on, when its checksum is wrong on the broker that leads its
   * partition now.
   */
  damagedBatch(partition: TopicPartition, offset: bigint): Promise<UnreadableBatchError | undefined>;
  /**
   * Makes members leave the group, those of one client id or all. A process that lives finds out with its next heartbeat, and
   * joins again.
   */
  retireMembers(groupId: string, clientId?: string): Promise<void>;
  /** Reads all committed records that the partition holds now, in order, from an offset on; gives where to go on. */
  readToEnd(partition: TopicPartition, from: bigint, onRecord: (record: IncomingRecord) => void): Promise<Position>;
  /** The next committed records from an offset on, and where to go on; that offset itself when there is nothing decided yet. */
  read(
    partition: TopicPartition,
    from: bigint,
  ): Promise<{ readonly records: FetchedRecords; readonly nextOffset: bigint }>;
}

export interface ClusterDescription {
  /** Ids of the brokers that run. */
  readonly brokers: readonly number[];
  /** By topic, its partitions in the order of their numbers. */
  readonly topics: ReadonlyMap<string, readonly PartitionDescription[]>;
}

export interface PartitionDescription {
  /** The id of a broker; undefined while nobody leads it. */
  readonly leader: number | undefined;
  readonly replicas: readonly number[];
}

/** How far a reader is in a partition. */
export interface Position {
  /** The next to read. */
  readonly offset: bigint;
  /** Of the leader that wrote what was read last (KIP-101); undefined where that is not known. */
  readonly leaderEpoch?: number | undefined;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A header's values by name, in the order of the record. */
export type Headers = Readonly<Record<string, readonly Buffer[]>>;

export interface IncomingRecord {
  readonly offset: bigint;
  /** Milliseconds since the epoch. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  /** Of a dead letter that was put back: which record it is, as its service refused it first (`recordId`). */
  readonly replayedFrom?: string;
  /** Why it is not to be processed, and its size, when it is beyond what a service reads. Most of it is left out then. */
  readonly refusal?: { readonly why: string; readonly bytes: number };
}

export interface OutgoingRecord {
  readonly topic: string;
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Headers;
  readonly timestamp?: string;
  /** Where it must go; by its key, or after the input partition, when it is left out. */
  readonly partition?: number;
}

export interface RecordProducerOptions {
  readonly transactionalId: string;
  /** Where records without a key go, modulo the number of partitions, so that a stream keeps its order. */
  readonly partition: number;
  /** Topics whose records all go to `partition`, whatever their key. */
  readonly copartitioned: readonly string[];
}

export interface RecordProducer {
  /**
   * Writes all or nothing; with at-least-once, the position only after all the rest. After an error the outcome is unknown:
   * open another, and ask Kafka where things stand. But a RefusedRecordsError says that it was not committed, and another
   * may follow; with at-least-once, some of its records may have been written.
   */
  transact(transaction: Transaction): Promise<Written>;
  /** How many partitions the topic had when last written to; undefined before that. */
  partitionsOf(topic: string): number | undefined;
}

/** By copartitioned topic: behind the last record that a transaction wrote to it. */
export type Written = ReadonlyMap<string, Position>;

/** Who sends a batch, and the sequence number of its first record in what they send to the partition (KIP-98). */
export interface BatchSender {
  readonly transactional: boolean;
  readonly producerId: bigint | number | string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
}

/** Records of one partition, as bytes that lack only who sends them. */
export interface EncodedRecords {
  readonly count: number;
  /** Whether any record has a key. */
  readonly keyed: boolean;
  /** The whole batch, as a produce request holds it; as often as it has to be sent. */
  encode(sender: BatchSender): Buffer;
  /** The broker has it: what it takes in memory may be used again. */
  release(): void;
}

export interface Transaction {
  readonly records: readonly OutgoingRecord[];
  /** Records that are encoded already; those with a key only for a topic that has one partition. */
  readonly encoded?: { readonly topic: string; readonly sends: readonly EncodedRecords[] };
  /** What the service remembers after these records. */
  readonly changelog: readonly OutgoingRecord[];
  /**
   * What each of these topics takes at once, as `Inspector.maxRecordBytes` has it, which is of a record and of all records of a
   * batch. It is sent in smaller pieces then; none of its records may be larger.
   */
  readonly maxRecordBytes?: ReadonlyMap<string, number>;
  /** Input consumed by this transaction. */
  readonly consumed?: readonly Consumed[];
}

/** How far a group has got in a partition. */
export interface Committed extends Position {
  /** What Kafka keeps beside it (the metadata of OffsetCommit), until the next commit. */
  readonly note?: string;
}

export interface Consumed extends Committed {
  readonly groupId: string;
  readonly partition: TopicPartition;
}

export interface Subscription {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Called on every (re)join with all partitions that are now this member's; whatever was held before is void. */
  onAssigned(partitions: readonly TopicPartition[], seek: (partition: TopicPartition, offset: bigint) => void): void;
  /** One fetched run of records; the partition waits until the promise settles. */
  onBatch(batch: Batch): Promise<void>;
  /**
   * The partition does not have this offset (any more), or not yet again: its records were deleted, or its log was truncated.
   * It is read no further until it is sought.
   */
  onOutOfRange(partition: TopicPartition, offset: bigint): void;
  /** Called whenever the consumer got an answer from Kafka. */
  onAlive(): void;
}

/** A batch of records as it was fetched. */
export interface RecordBatch {
  readonly baseOffset: bigint;
  /** From its partition leader epoch on. */
  readonly bytes: Buffer;
}

/** A fetched run of records of one partition, in order. */
export interface FetchedRecords {
  /** At most the offset of the first of them. */
  readonly firstOffset: bigint;
  /** Of the leader that wrote the last of them; undefined for what no broker sent. */
  readonly leaderEpoch?: number;
  /** As they were fetched, perhaps with some records before `firstOffset`; undefined for what no broker sent. */
  readonly batches?: readonly RecordBatch[];
  /** One after the other, as they are asked for, from an offset on or all. Throws an `UnreadableBatchError` when it comes to one. */
  decode(from?: bigint): Iterable<IncomingRecord>;
}

export interface Batch extends TopicPartition {
  readonly records: FetchedRecords;
  /** The offset to go on from after this batch. */
  readonly nextOffset: bigint;
  /** The partition was sought elsewhere after this batch was fetched. */
  isStale(): boolean;
  /** Moves the consumer past this batch. */
  done(): void;
  /** Tells the group that this member lives; rejects when the group is rebalancing. */
  heartbeat(): Promise<void>;
}

export interface Consumption {
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}
