import { join } from "node:path";
import type { Journal } from "./journal.ts";
import { StateStore, StateStoreError } from "./state-store.ts";

/** A disk that has failed is left alone for so long; only what is opened after that tries it again. */
const RETRY_AFTER_MS = 10 * 60_000;

/**
 * The stores of one service, in the folder that systemd gives it (CacheDirectory=), or in memory without one. A file that
 * cannot be written or read, as on a full disk, is done without: the state is then in memory.
 */
export class StateStores {
  readonly #folder: string | undefined;
  readonly #warn: Journal["warn"];
  #open = 0;
  /** Files made anew, by path: one that fails again is not made anew for ever. */
  readonly #replaced = new Set<string>();
  /** By path. */
  readonly #failedAtMs = new Map<string, number>();

  constructor(folder: string | undefined, warn: Journal["warn"]) {
    this.#folder = folder;
    this.#warn = warn;
  }

  /** Throws when the partition's file is open elsewhere. */
  open(partition: number): StateStore {
    const onClose = () => void this.#open--;
    const store = this.#fileOf(partition, onClose) ?? new StateStore(":memory:", { onClose });
    this.#open++;
    return store;
  }

  /** How many there are open now, which share the memory of the process. */
  get count(): number {
    return this.#open;
  }

  #fileOf(partition: number, onClose: () => void): StateStore | undefined {
    if (this.#folder === undefined) return undefined;
    const path = join(this.#folder, `${partition}.sqlite`);
    if (Date.now() - (this.#failedAtMs.get(path) ?? -Infinity) < RETRY_AFTER_MS) return undefined;
    const onFailure = (error: StateStoreError) => this.#failed(path, error);
    try {
      const store = new StateStore(path, { onClose, onFailure });
      this.#failedAtMs.delete(path);
      return store;
    } catch (error) {
      if (!(error instanceof StateStoreError)) throw error;
      onFailure(error);
      return undefined;
    }
  }

  /** All files are on one disk: the first that fails is told of. */
  #failed(path: string, error: StateStoreError): void {
    if (error.isTorn && !this.#replaced.has(path)) {
      this.#replaced.add(path);
      this.#warn(`${error.message}; making this copy of the state anew from the changelog`);
      return;
    }
    if (this.#failedAtMs.size === 0) {
      const next = "free space on the disk or repair it, then restart the service";
      this.#warn(`${error.message}; going on with the state in memory, from the changelog; ${next}`);
    }
    this.#failedAtMs.set(path, Date.now());
  }
}
