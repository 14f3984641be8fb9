/** A fetched run of one partition. */
export interface FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: number;
  /** So large that more is there. */
  readonly isFull: boolean;
  /** Where its bytes lie, with those of all that were fetched with it. */
  readonly memory: ArrayBuffer;
  /** Whether it has been processed and nothing refers to its bytes any more. */
  isSpent?: boolean;
  /** Whether its partition has got to where it begins: not when that was sought elsewhere, or given to another member. */
  isNext(): boolean;
}

export interface FetcherOptions<Batch extends FetchedBatch> {
  readonly nodeId: number;
  /** Resolves when the batch is processed. */
  process(batch: Batch): Promise<void>;
  /** Which node's batches of a partition are underway; shared by the fetchers of all nodes. */
  readonly nodeOf: Map<string, number>;
  /**
   * Waits for records when nothing is underway; else takes what is there, of other partitions and behind each that is
   * underway alone and full.
   */
  fetch(nodeId: number, underway: readonly Batch[]): Promise<readonly Batch[]>;
}

export interface Fetcher {
  /** Fetches until it is stopped, or something fails; ends once nothing is underway any more. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** No more is fetched while so much is underway: one run of a partition may be 1 MiB. */
const UNDERWAY_BYTES = 2 * 1024 * 1024;

/** Less is not worth it, and Node keeps small buffers, of whatever kind, in one piece of memory. */
const MIN_FREED_BYTES = 256 * 1024;

/**
 * Fetches from one broker. Each partition goes on by itself, and what follows is fetched while it is processed, as Kafka's own
 * consumer does: a service that has to catch up does not wait for the broker between any two rounds.
 */
export function createFetcher<Batch extends FetchedBatch>(options: FetcherOptions<Batch>): Fetcher {
  const { nodeId, process, nodeOf, fetch } = options;
  /** By partition, in order; the first is being processed. */
  const underway = new Map<string, { readonly batch: Batch; readonly done: Promise<void> }[]>();
  let failure: { readonly error: unknown } | undefined;
  let running: Promise<void> | undefined;
  let isRunning = false;

  const all = () => [...underway.values()].flat();
  const batches = () => all().map(({ batch }) => batch);
  const isMoreWanted = () => {
    const its = batches();
    const bytes = its.reduce((sum, batch) => sum + batch.bytes, 0);
    return its.length === 0 || (its.some(({ isFull }) => isFull) && bytes < UNDERWAY_BYTES);
  };
  const fail = (error: unknown) => {
    failure ??= { error };
    isRunning = false;
  };

  const take = (batch: Batch) => {
    const key = `${batch.topic}|${batch.partition}`;
    // Its leader has moved while a batch of the one before is underway.
    if ((nodeOf.get(key) ?? nodeId) !== nodeId) return;
    nodeOf.set(key, nodeId);
    const before = underway.get(key) ?? [];
    const work = async () => {
      try {
        if (isRunning && batch.isNext()) await process(batch);
      } catch (error) {
        fail(error);
      }
      const [, ...behind] = underway.get(key) ?? [];
      if (behind.length > 0) underway.set(key, behind);
      else if (underway.delete(key)) nodeOf.delete(key);
    };
    const done = (before.at(-1)?.done ?? Promise.resolve()).then(work);
    underway.set(key, [...before, { batch, done }]);
  };

  /**
   * Left to V8, it would be freed long after: it is no longer young then, and whatever is not waits until V8 goes through
   * all of its heap, which memory outside of that makes it do again and again (see `record-writer.ts`).
   */
  const freeOnceSpent = (fetched: readonly Batch[]) => {
    const those = all().filter(({ batch }) => fetched.includes(batch));
    Promise.all(those.map(({ done }) => done)).then(() => {
      if (!fetched.every(({ isSpent }) => isSpent)) return;
      for (const memory of new Set(fetched.map((batch) => batch.memory))) {
        if (memory.byteLength >= MIN_FREED_BYTES) memory.transfer(0);
      }
    });
  };

  const run = async () => {
    while (isRunning) {
      const fetched = isMoreWanted() ? await fetch(nodeId, batches()) : [];
      if (isRunning) fetched.forEach(take);
      freeOnceSpent(fetched);
      // Without anything new there is nothing more to be had before one is done.
      if (fetched.length === 0 && underway.size > 0) await Promise.race(all().map(({ done }) => done));
    }
  };

  return {
    start: async () => {
      isRunning = true;
      running = run()
        .catch(fail)
        .then(() => Promise.all(all().map(({ done }) => done)))
        .then(() => {
          if (failure) throw failure.error;
        });
      return running;
    },
    stop: async () => {
      isRunning = false;
      await running?.catch(() => {}); // whoever started it sees it
    },
  };
}
