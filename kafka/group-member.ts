import { setTimeout as sleep } from "node:timers/promises";
import { coordinatorOf } from "./asking.ts";
import { type ClusterClient, passingType } from "./cluster.ts";
import { REQUEST_TIMEOUT_MS } from "./connection.ts";
import type { Consumed, TopicPartition } from "./kafka.ts";
import { offsetsByTopic } from "./producer.ts";
import { errorType, KafkaError, requireNoError } from "./protocol/error-codes.ts";
import { heartbeat, joinGroup, leaveGroup, offsetCommit, syncGroup } from "./protocol/messages.ts";
import { array, int16, int32, nullableBytes, Reader, string, struct, type Type, Writer } from "./protocol/types.ts";

/**
 * A crash would leave a partition unread for this long; brokers refuse less than 6 s (`group.min.session.timeout.ms`).
 */
const SESSION_TIMEOUT_MS = 6_000;
const HEARTBEAT_EVERY_MS = SESSION_TIMEOUT_MS / 4;
/** How long the coordinator waits for all members to join again. */
const REBALANCE_TIMEOUT_MS = 15_000;
const RETRY_AFTER_MS = 200;
const PROTOCOL_TYPE = "consumer";
/**
 * Partitions of one number, of all topics, go to one member, as in Kafka Streams: a merged stream's state is that of a partition
 * number, whatever topic a record came from. For one topic that is what kafkajs calls by this name; members that were
 * deployed before and after are in one group while services roll.
 */
const PROTOCOL = "RoundRobinAssigner";

/** Source: ConsumerProtocolSubscription.json and ConsumerProtocolAssignment.json, version 0. */
const subscription = struct({ version: int16, topics: array(string), userData: nullableBytes });
const assignment = struct({
  version: int16,
  topics: array(struct({ topic: string, partitions: array(int32) })),
  userData: nullableBytes,
});
const VERSION_0 = { number: 0, flexible: false };
const NO_DATA = Buffer.alloc(0);

interface Membership {
  readonly memberId: string;
  readonly generationId: number;
}

export interface Assigned {
  readonly partitions: readonly TopicPartition[];
  /** By topic, how many partitions this member, as the leader of the group, shared out; undefined for all other members. */
  readonly counts: ReadonlyMap<string, number> | undefined;
}

/** One member of a consumer group: it joins, tells that it lives, and leaves. */
export class GroupMember {
  readonly #cluster: ClusterClient;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  readonly #onAlive: () => void;
  readonly #onComplaint: (message: string) => void;
  #memberId = "";
  #generationId = -1;
  #lastHeard = 0;
  #asking: Promise<void> | undefined;
  readonly #leaving = new AbortController();

  constructor(
    cluster: ClusterClient,
    groupId: string,
    topics: readonly string[],
    { onAlive, onComplaint }: { readonly onAlive: () => void; readonly onComplaint: (message: string) => void },
  ) {
    this.#cluster = cluster;
    this.#groupId = groupId;
    this.#topics = topics;
    this.#onAlive = onAlive;
    this.#onComplaint = onComplaint;
  }

  /** Joins, again and again until it has succeeded or is called off by `leave`. */
  async join(): Promise<Assigned | undefined> {
    while (!this.#leaving.signal.aborted) {
      try {
        return await this.#joinOnce();
      } catch (error) {
        this.#forget(error);
      }
      await this.#pause(RETRY_AFTER_MS);
    }
    return undefined;
  }

  /** Resolves when the group is to be joined again, or this member leaves. */
  async untilRebalance(): Promise<void> {
    while (!this.#leaving.signal.aborted) {
      await this.#pause(HEARTBEAT_EVERY_MS);
      const isOver = await this.#ask().then(
        () => false,
        () => true,
      );
      if (isOver) return;
    }
  }

  /** Resolves when the coordinator has said, lately, that this is a member; rejects when the group has to be joined again. */
  async confirm(): Promise<void> {
    this.#membership();
    if (Date.now() - this.#lastHeard >= HEARTBEAT_EVERY_MS) await this.#ask();
  }

  /** What was assigned is void: the group is to be joined again. */
  revoke(): void {
    this.#generationId = -1;
  }

  async commit({ groupId, ...consumed }: Consumed): Promise<void> {
    const { topics } = await (await this.#coordinator("requests")).request(offsetCommit, {
      groupId,
      ...this.#membership(),
      groupInstanceId: null,
      topics: offsetsByTopic([{ groupId, ...consumed }]),
    });
    for (const { partitions } of topics) {
      for (const { errorCode } of partitions) requireNoError(errorCode, `${groupId}: its offset`);
    }
  }

  /** Tells the group, if it can be told, so that others need not wait for the end of the session. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    const memberId = this.#memberId;
    this.revoke();
    if (memberId === "") return;
    const groupId = this.#groupId;
    // Not where it joins: that connection may be busy until all have joined.
    const coordinator = await this.#coordinator("requests");
    await coordinator.request(leaveGroup, { groupId, members: [{ memberId, groupInstanceId: null }] }, 1_000);
  }

  async #joinOnce(): Promise<Assigned> {
    const groupId = this.#groupId;
    const coordinator = await this.#coordinator("group");
    const joined = await coordinator.request(
      joinGroup,
      {
        groupId,
        ...{ sessionTimeoutMs: SESSION_TIMEOUT_MS, rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS },
        ...{ memberId: this.#memberId, groupInstanceId: null, protocolType: PROTOCOL_TYPE },
        protocols: [
          { name: PROTOCOL, metadata: encode(subscription, { version: 0, topics: this.#topics, userData: NO_DATA }) },
        ],
      },
      REBALANCE_TIMEOUT_MS + REQUEST_TIMEOUT_MS,
    );
    if (errorType(joined.errorCode) === "MEMBER_ID_REQUIRED") {
      this.#memberId = joined.memberId;
      return this.#joinOnce();
    }
    requireNoError(joined.errorCode, groupId);
    this.#memberId = joined.memberId;
    const { generationId } = joined;
    const counts = joined.leader === joined.memberId ? await this.#partitionCounts() : undefined;
    const assignments = counts === undefined ? [] : shared(joined.members, counts);
    const synced = await coordinator.request(
      syncGroup,
      {
        groupId,
        ...{ generationId, memberId: joined.memberId, groupInstanceId: null },
        ...{ protocolType: PROTOCOL_TYPE, protocolName: PROTOCOL, assignments },
      },
      REBALANCE_TIMEOUT_MS + REQUEST_TIMEOUT_MS,
    );
    requireNoError(synced.errorCode, groupId);
    this.#generationId = generationId;
    this.#lastHeard = Date.now();
    this.#onAlive();
    return { partitions: assignedIn(synced.assignment), counts };
  }

  async #partitionCounts(): Promise<Map<string, number>> {
    const topics = await this.#cluster.refresh(this.#topics);
    return new Map(this.#topics.map((name) => [name, topics.get(name)?.leaders.length ?? 0]));
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#heartbeat().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Ends early when this member leaves. */
  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#leaving.signal }).catch(() => {});
  }

  async #heartbeat(): Promise<void> {
    for (;;) {
      const { generationId, memberId } = this.#membership();
      try {
        const request = { groupId: this.#groupId, generationId, memberId, groupInstanceId: null };
        const { errorCode } = await (await this.#coordinator("group")).request(heartbeat, request);
        requireNoError(errorCode, this.#groupId);
        this.#lastHeard = Date.now();
        this.#onAlive();
        return;
      } catch (error) {
        this.#forget(error);
        if (passingType(error) === undefined) throw error;
      }
      await this.#pause(RETRY_AFTER_MS);
    }
  }

  #membership(): Membership {
    if (this.#generationId < 0) throw new KafkaError("REBALANCE_IN_PROGRESS", this.#groupId, REBALANCING);
    return { memberId: this.#memberId, generationId: this.#generationId };
  }

  /** What an error says of what was known; throws one that nothing can be done about. */
  #forget(error: unknown): void {
    if (passingType(error) !== undefined) {
      this.#cluster.forgetCoordinator(this.#key);
      return;
    }
    if (!meansRejoin(error)) throw error;
    if (error.type === "UNKNOWN_MEMBER_ID") {
      this.#memberId = "";
      this.#onComplaint(`${this.#groupId}: the group no longer knows this member; joining again`);
    }
    this.revoke();
  }

  get #key() {
    return coordinatorOf(this.#groupId);
  }

  #coordinator(purpose: "group" | "requests") {
    return this.#cluster.coordinator(this.#key, purpose);
  }
}

const REBALANCING = "the group is being shared out anew";

/** After these the group is joined again. */
const REJOIN: ReadonlySet<string> = new Set(["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"]);

/** Whether it says of a group no more than that it is being shared out anew, or that this member is no longer known. */
export function meansRejoin(error: unknown): error is KafkaError {
  return error instanceof KafkaError && REJOIN.has(error.type);
}

function encode<T>(type: Type<T>, value: T): Buffer {
  const writer = new Writer(VERSION_0);
  type.write(writer, value);
  return Buffer.concat(writer.pieces);
}

/** A member that got none has an empty assignment. */
function assignedIn(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const { topics } = assignment.read(new Reader(bytes, VERSION_0));
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}

function shared(members: readonly { readonly memberId: string }[], counts: ReadonlyMap<string, number>) {
  const ids = members.map(({ memberId }) => memberId).sort();
  return ids.map((memberId, i) => {
    const topics = [...counts].map(([topic, count]) => ({
      topic,
      partitions: Array.from({ length: count }, (_, number) => number).filter((number) => number % ids.length === i),
    }));
    const its = topics.filter(({ partitions }) => partitions.length > 0);
    return { memberId, assignment: encode(assignment, { version: 0, topics: its, userData: NO_DATA }) };
  });
}
