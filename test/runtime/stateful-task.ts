import type { Link } from "../../operators/message.ts";
import { fold, number } from "../../operators/operator.ts";
import { PartitionState } from "../../runtime/partition-state.ts";
import { restoreState } from "../../runtime/restore-state.ts";
import { stateChanges } from "../../runtime/state.ts";
import { StateStoreError } from "../../runtime/state-store.ts";
import type { StateStores } from "../../runtime/state-stores.ts";
import type { FakeChangelog } from "./fake-changelog.ts";

const sum = fold({ value: number(), initial: 0, step: (_, state, x) => [state + x, [state + x]] });
const chain = [{ name: "sum", operator: sum, params: {} }] as unknown as Link[];

/** A partition that counts keys, opened anew after each failure of its store as a service does; nothing stays in memory alone. */
export class StatefulTask {
  readonly #stores: StateStores;
  readonly #changelog: FakeChangelog;
  #state: PartitionState | undefined;
  /** How often it was opened anew. */
  failures = 0;

  constructor(stores: StateStores, changelog: FakeChangelog) {
    this.#stores = stores;
    this.#changelog = changelog;
  }

  /** One transaction, which adds 1 to the sum of each key. */
  async add(...keys: readonly string[]): Promise<void> {
    let isCommitted = false;
    await this.#attempt((state) => {
      if (isCommitted) return;
      const fork = state.fork();
      for (const key of keys) fork.set(0, key, ((fork.get(0, key) ?? 0) as number) + 1);
      const end = this.#changelog.append(stateChanges(chain, 0, fork));
      isCommitted = true;
      fork.commit();
      state.committed(end);
    });
  }

  sumOf(key: string): Promise<unknown> {
    return this.#attempt((state) => state.get(0, key));
  }

  close(): void {
    this.#state?.close();
    this.#state = undefined;
  }

  async #attempt<T>(work: (state: PartitionState) => T): Promise<T> {
    for (;;) {
      try {
        this.#state ??= await this.#opened();
        return work(this.#state);
      } catch (error) {
        if (!(error instanceof StateStoreError)) throw error;
        this.failures++;
        this.close();
      }
    }
  }

  async #opened(): Promise<PartitionState> {
    const store = this.#stores.open(0);
    try {
      const offset = await restoreState(
        this.#changelog.inspector(),
        { topic: "changelog", partition: 0 },
        store,
        () => {},
      );
      return new PartitionState(chain, 0, store, offset, () => 1);
    } catch (error) {
      store.close();
      throw error;
    }
  }
}
