import { describeError, FencedError } from "../kafka/errors.ts";
import type { TopicPartition } from "../kafka/kafka.ts";
import type { TopicFormat } from "../operators/topics-of.ts";
import { openTask, type PartitionTask } from "./partition-task.ts";
import { pause } from "./pause.ts";
import { groupPositions, lossOf } from "./positions.ts";
import type { Service } from "./service.ts";

/** A coordinator that is only just starting, or still finishing a transaction, is not worth a word. */
const WARN_FROM_ATTEMPT = 3;

type Seek = (partition: TopicPartition, offset: bigint) => void;

/** The tasks of the partitions that are assigned to this member, each opened anew whenever its past is in doubt. */
export class TaskSet {
  readonly #service: Service;
  readonly #topics: readonly TopicFormat[];
  readonly #stop: AbortSignal;
  readonly #onFenced: (error: FencedError) => void;
  #assigned: readonly TopicPartition[] = [];
  #tasks = new Map<number, Promise<PartitionTask>>();
  #seek: Seek = () => {};

  constructor(
    service: Service,
    topics: readonly TopicFormat[],
    stop: AbortSignal,
    onFenced: (error: FencedError) => void,
  ) {
    this.#service = service;
    this.#topics = topics;
    this.#stop = stop;
    this.#onFenced = onFenced;
  }

  /** Lets go of what was held and opens the given partitions; the promise is for the last of them. */
  assign(assigned: readonly TopicPartition[], seek: Seek): Promise<unknown> {
    const released = this.close();
    this.#assigned = assigned;
    this.#seek = seek;
    const partitions = new Set(assigned.map(({ partition }) => partition));
    return Promise.all([...partitions].map((partition) => this.#start(partition, released)));
  }

  /** Resolves when the partition's task is open; undefined when the partition is not this member's (any more). */
  get(partition: number): Promise<PartitionTask | undefined> {
    return this.#tasks.get(partition) ?? Promise.resolve(undefined);
  }

  /**
   * After an error nobody knows whether the transaction was committed: only Kafka does. It is opened once `isMember`
   * resolves: a member that the group has given up, as after a freeze, must not fence who has the partition now.
   */
  reopen(partition: number, isMember: Promise<void>): void {
    const broken = this.#tasks.get(partition);
    if (broken) this.#start(partition, Promise.all([closed([broken]), isMember]));
  }

  close(): Promise<unknown> {
    const held = [...this.#tasks.values()];
    this.#tasks = new Map();
    return closed(held);
  }

  #start(partition: number, after: Promise<unknown>): Promise<PartitionTask> {
    const tasks = this.#tasks;
    const isWanted = () => !this.#stop.aborted && tasks === this.#tasks && tasks.get(partition) === task;
    const task: Promise<PartitionTask> = after
      .then(() => this.#open(partition, isWanted))
      .then((opened) => {
        if (!isWanted()) return opened;
        for (const { topic } of this.#topicsOf(partition)) this.#seek({ topic, partition }, opened.position(topic));
        return opened;
      });
    task.catch(() => {}); // reported where it happens; whoever waits for the task sees it too
    tasks.set(partition, task);
    return task;
  }

  /** Topics may differ in how many partitions they have. */
  #topicsOf(partition: number): readonly TopicFormat[] {
    const has = new Set(this.#assigned.filter((each) => each.partition === partition).map(({ topic }) => topic));
    return this.#topics.filter(({ topic }) => has.has(topic));
  }

  async #open(partition: number, isWanted: () => boolean): Promise<PartitionTask> {
    const topics = this.#topicsOf(partition);
    const what = `${topics.map(({ topic }) => topic).join(", ")}/${partition}`;
    const positions = groupPositions(this.#service.spec.groupId, (lost) => this.#service.journal.warn(lossOf(lost)));
    for (let attempt = 1; ; attempt++) {
      // Opening fences whoever has the partition, so it must be this member's own at that moment.
      if (!isWanted()) throw new Error(`${what}: no longer this member's`);
      try {
        return await openTask(this.#service, partition, topics, positions);
      } catch (error) {
        if (error instanceof FencedError) this.#onFenced(error);
        const problem = `${what}: not ready yet: ${describeError(error)}`;
        this.#service.supervisor.status(problem);
        this.#service.supervisor.alive();
        if (attempt >= WARN_FROM_ATTEMPT) this.#service.journal.warn(problem);
        await pause(Math.min(100 * 2 ** attempt, 2000), this.#stop);
      }
    }
  }
}

function closed(tasks: readonly Promise<PartitionTask>[]): Promise<unknown> {
  return Promise.all(tasks.map((task) => task.then((each) => each.close()).catch(() => {})));
}
