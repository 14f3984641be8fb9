import { type ClusterClient, type Leader, passingType } from "./cluster.ts";
import { type Asked, type FetchedPartition, type FetchedRun, fetchedRun, fetchFrom } from "./fetched-run.ts";
import { createFetcher, type FetchedBatch, type Fetcher } from "./fetcher.ts";
import { type Assigned, GroupMember, meansRejoin } from "./group-member.ts";
import { endOfEpoch } from "./inspector.ts";
import type { Batch, Consumption, Subscription, TopicPartition } from "./kafka.ts";
import type { CommitOffset } from "./producer.ts";
import { errorType, isPassing, KafkaError } from "./protocol/error-codes.ts";

/** A fetch that finds nothing returns after this long; a stop waits for it. */
const MAX_WAIT_MS = 500;
/** Of a fetch, and of a partition: the largest batch that brokers take by default (`message.max.bytes`). */
const MAX_BYTES = 1024 * 1024 + 64;
/** Partitions that are added to a topic, and leaders that have moved, are seen this soon; what is in trouble, sooner. */
const LOOK_EVERY_MS = 10_000;
const LOOK_AGAIN_MS = 300;
const RETRY_AFTER_MS = 100;

export interface ConsumeOptions {
  readonly cluster: ClusterClient;
  readonly subscription: Subscription;
  /** Gets what commits a position of the group as this member of it. */
  readonly onCommitter: (commit: CommitOffset) => void;
  readonly onComplaint: (message: string) => void;
}

/** Joins the group and consumes until it is stopped. */
export async function consume(options: ConsumeOptions): Promise<Consumption> {
  const { cluster, subscription, onCommitter, onComplaint } = options;
  const { groupId, topics, onAlive } = subscription;
  // A topic that is not there yet is told here, and not retried for ever.
  await cluster.refresh(topics);
  const member = new GroupMember(cluster, groupId, topics, { onAlive, onComplaint });
  onCommitter((consumed) => member.commit(consumed));
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {}); // whoever awaits it later still sees the rejection
  let generation: Generation | undefined;
  let isRunning = true;
  const run = async () => {
    while (isRunning) {
      const assigned = await member.join();
      if (assigned === undefined || !isRunning) return;
      generation = new Generation(options, member, assigned, ended.reject);
      subscription.onAssigned(assigned.partitions, generation.seek);
      await Promise.race([member.untilRebalance(), generation.outgrown]);
      member.revoke();
      await generation.stop();
    }
  };
  const running = run().catch(ended.reject);
  return {
    ended: ended.promise,
    stop: async () => {
      isRunning = false;
      await Promise.all([generation?.stop(), member.leave().catch(() => {})]);
      void running;
    },
  };
}

/** A partition that this member has. */
interface Held extends TopicPartition {
  readonly name: string;
  /** Where to fetch from; undefined until somebody has said so. */
  next: bigint | undefined;
  /** The last that was known to lead it. */
  leader: Leader | undefined;
  /** How often it was sought: what was fetched before is void. */
  seeks: number;
  /** When it was last served. */
  turn: number;
}

interface HeldBatch extends FetchedBatch {
  readonly held: Held;
  readonly run: FetchedRun;
  readonly from: bigint;
  readonly seeks: number;
}

/** What a member does between two rebalances. */
class Generation {
  /** Resolves when a topic has got more partitions than the leader of the group, which this member is, has shared out. */
  readonly outgrown: Promise<void>;
  readonly #options: ConsumeOptions;
  readonly #member: GroupMember;
  readonly #counts: Assigned["counts"];
  readonly #held: readonly Held[];
  readonly #fail: (error: unknown) => void;
  readonly #fetchers = new Map<number, { readonly fetcher: Fetcher; readonly ended: Promise<void> }>();
  readonly #nodeOf = new Map<string, number>();
  readonly #onOutgrown: () => void;
  readonly #silent = new Set<number>();
  #leaders: ReadonlyMap<string, Leader | undefined> = new Map();
  #turn = 0;
  #isRunning = true;
  #look: NodeJS.Timeout | undefined;
  #lookAt = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #sought = Promise.withResolvers<void>();

  constructor(options: ConsumeOptions, member: GroupMember, assigned: Assigned, fail: (error: unknown) => void) {
    this.#options = options;
    this.#member = member;
    this.#counts = assigned.counts;
    this.#fail = fail;
    this.#held = assigned.partitions.map(({ topic, partition }) => ({
      ...{ topic, partition, name: `${topic}/${partition}` },
      ...{ next: undefined, leader: undefined, seeks: 0, turn: 0 },
    }));
    const outgrown = Promise.withResolvers<void>();
    this.outgrown = outgrown.promise;
    this.#onOutgrown = outgrown.resolve;
    this.#lookSoon(0);
  }

  readonly seek = ({ topic, partition }: TopicPartition, offset: bigint): void => {
    const held = this.#held.find((each) => each.topic === topic && each.partition === partition);
    if (held === undefined) return;
    held.next = offset;
    held.seeks++;
    this.#sought.resolve();
    this.#sought = Promise.withResolvers();
  };

  /** Resolves when nothing of it is processed any more. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    clearTimeout(this.#look);
    this.#sought.resolve();
    await this.#looking;
    await Promise.all([...this.#fetchers.values()].map(({ fetcher }) => fetcher.stop()));
  }

  /** Never later than it was to be looked before: who asks again and again must not put it off. */
  #lookSoon(afterMs: number): void {
    const at = performance.now() + afterMs;
    if (!this.#isRunning || at >= this.#lookAt) return;
    clearTimeout(this.#look);
    this.#lookAt = at;
    this.#look = setTimeout(() => {
      this.#lookAt = Number.POSITIVE_INFINITY;
      this.#looking ??= this.#lookAtLeaders()
        .catch((error) => this.#fail(error))
        .finally(() => {
          this.#looking = undefined;
        });
    }, afterMs);
  }

  /** Who leads what, so that each broker is asked for its own. A partition without a leader stops only itself. */
  async #lookAtLeaders(): Promise<void> {
    const { cluster, subscription } = this.#options;
    const leaders = new Map<string, Leader | undefined>();
    try {
      const topics = await cluster.refresh(subscription.topics);
      for (const held of this.#held) {
        const leader = topics.get(held.topic)?.leaders[held.partition];
        if (leader !== undefined && held.leader !== undefined && leader.epoch > held.leader.epoch) {
          await this.#compareLogs(held, held.leader.epoch);
        }
        held.leader = leader ?? held.leader;
        leaders.set(held.name, leader);
      }
      this.#leaders = leaders;
      for (const [topic, count] of this.#counts ?? []) {
        if ((topics.get(topic)?.leaders.length ?? count) !== count) this.#onOutgrown();
      }
    } catch (error) {
      const type = passingType(error);
      if (type === undefined || type === "UNKNOWN_TOPIC_OR_PARTITION") throw error;
      return this.#lookSoon(LOOK_AGAIN_MS);
    }
    for (const leader of this.#leaders.values()) if (leader) this.#fetchFrom(leader.nodeId);
    this.#lookSoon([...this.#leaders.values()].includes(undefined) ? LOOK_AGAIN_MS : LOOK_EVERY_MS);
  }

  /**
   * A new leader may lack the end of the log that was read, and others may have written there since, as after a power cut. What
   * was read is of the leader before it, or of an earlier one (KIP-320).
   */
  async #compareLogs(held: Held, readEpoch: number): Promise<void> {
    const { next } = held;
    if (next === undefined) return;
    const end = await endOfEpoch(this.#options.cluster, held, readEpoch);
    if (end === undefined || end >= next || held.next !== next) return;
    held.next = undefined;
    this.#options.subscription.onOutOfRange(held, next);
  }

  #fetchFrom(nodeId: number): void {
    if (this.#fetchers.has(nodeId) || !this.#isRunning) return;
    const fetcher = createFetcher<HeldBatch>({
      nodeId,
      nodeOf: this.#nodeOf,
      process: (batch) => this.#process(batch),
      fetch: (_, underway) => this.#fetch(nodeId, underway),
    });
    this.#fetchers.set(nodeId, { fetcher, ended: fetcher.start().catch((error) => this.#fail(error)) });
  }

  async #fetch(nodeId: number, underway: readonly HeldBatch[]): Promise<readonly HeldBatch[]> {
    const { cluster, subscription, onComplaint } = this.#options;
    const wanted = this.#held.flatMap((held) => this.#wanted(nodeId, held, underway) ?? []);
    if (wanted.length === 0) {
      if (underway.length === 0) await Promise.race([this.#sought.promise, after(MAX_WAIT_MS)]);
      return [];
    }
    // A broker fills its answer in the order of the request: who waited longest comes first.
    wanted.sort((a, b) => a.held.turn - b.held.turn);
    try {
      const broker = await cluster.broker(nodeId, "fetch");
      const limits = { maxWaitMs: underway.length === 0 ? MAX_WAIT_MS : 0, maxBytes: MAX_BYTES };
      const found = await fetchFrom(broker, nodeId, wanted, limits);
      subscription.onAlive();
      this.#silent.delete(nodeId);
      const batches: HeldBatch[] = [];
      for (const each of found) {
        const asked = wanted.find(({ held }) => held.topic === each.topic && held.partition === each.partitionIndex);
        const batch = asked && (await this.#take(asked, each));
        if (batch) batches.push(batch);
      }
      // Asked again at once, a broker that refuses would say the same.
      const isRefused = found.some(({ errorCode }) => errorCode !== 0);
      if (isRefused && batches.length === 0) await after(RETRY_AFTER_MS);
      return batches;
    } catch (error) {
      if (!this.#isRunning) return [];
      if (passingType(error) === undefined) throw error;
      if (!this.#silent.has(nodeId)) onComplaint((error as Error).message);
      this.#silent.add(nodeId);
      this.#lookSoon(LOOK_AGAIN_MS);
      await after(RETRY_AFTER_MS);
      return [];
    }
  }

  /** From where it is to be fetched now from this broker, if at all: behind what is underway alone and full. */
  #wanted(nodeId: number, held: Held, underway: readonly HeldBatch[]): Wanted | undefined {
    const leader = this.#leaders.get(held.name);
    if (leader?.nodeId !== nodeId || held.next === undefined) return undefined;
    const { seeks } = held;
    const [first, ...others] = underway.filter((batch) => batch.held === held);
    const { topic, partition } = held;
    const common = { held, topic, partition, seeks, epoch: leader.epoch };
    if (first === undefined) return { ...common, from: held.next };
    const isBehind = first.isFull && others.length === 0 && first.seeks === seeks;
    return isBehind ? { ...common, from: first.run.nextOffset } : undefined;
  }

  async #take({ held, from, seeks }: Wanted, found: FetchedPartition): Promise<HeldBatch | undefined> {
    const type = errorType(found.errorCode);
    if (type === "OFFSET_OUT_OF_RANGE") {
      // What was asked for behind something underway may be no more once that is done.
      if (held.seeks !== seeks || held.next !== from) return undefined;
      held.next = undefined;
      this.#options.subscription.onOutOfRange(held, from);
      return undefined;
    }
    if (found.errorCode !== 0) {
      if (!isPassing(type)) throw new KafkaError(type, held.name);
      this.#lookSoon(LOOK_AGAIN_MS);
      return undefined;
    }
    const run = await fetchedRun(held, found, from);
    if (run.nextOffset === from) return undefined;
    held.turn = ++this.#turn;
    return {
      ...{ held, run, from, seeks, topic: held.topic, partition: held.partition, bytes: run.bytes },
      isFull: run.bytes >= MAX_BYTES / 2,
      memory: (found.records as Buffer).buffer as ArrayBuffer,
      isNext: () => this.#isCurrent(held, seeks) && held.next === from,
    };
  }

  #isCurrent(held: Held, seeks: number): boolean {
    return this.#isRunning && held.seeks === seeks;
  }

  async #process(batch: HeldBatch): Promise<void> {
    const { held, run, seeks } = batch;
    if (run.isEmpty) {
      held.next = run.nextOffset;
      return;
    }
    let hasBeenDecoded = false;
    const passed: Batch = {
      topic: held.topic,
      partition: held.partition,
      records: {
        ...run.records,
        decode: (from) => {
          hasBeenDecoded = true;
          return run.records.decode(from);
        },
      },
      nextOffset: run.nextOffset,
      isStale: () => !this.#isCurrent(held, seeks),
      done: () => {
        if (this.#isCurrent(held, seeks)) held.next = run.nextOffset;
        // Decoded records are views of it, and who knows who still has one.
        batch.isSpent = !hasBeenDecoded;
      },
      heartbeat: () => this.#member.confirm(),
    };
    try {
      await this.#options.subscription.onBatch(passed);
    } catch (error) {
      // That the group is shared out anew is noticed in any case.
      if (this.#isRunning && !meansRejoin(error)) throw error;
    }
  }
}

interface Wanted extends Asked {
  readonly held: Held;
  readonly seeks: number;
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
