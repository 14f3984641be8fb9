/** The state of one link of a chain for one key; a key of null is that of records without a key. */
export interface StateEntry {
  readonly index: number;
  readonly key: string | null;
  readonly state: unknown;
}

/** What the links of a chain remember, wherever it is kept. */
export interface States {
  /** Undefined where nothing was set yet. */
  get(index: number, key: string | null): unknown;
  set(index: number, key: string | null, state: unknown): void;
  fork(): ChainState;
}

/** How many bytes a state takes, about. Throws when it is one that cannot be kept. */
export type Weigh = (index: number, key: string | null, state: unknown) => number;

interface Weighed extends StateEntry {
  readonly bytes: number;
}

/**
 * What the links of a chain remember: a state for each link (by its index in the chain, from 0) and key. A fork sees
 * what is below it and keeps its own changes to itself until they are committed, or forgotten with the fork.
 */
export class ChainState implements States {
  readonly #below: States | undefined;
  readonly #weigh: Weigh;
  readonly #own: Map<string | null, Weighed>[] = [];
  /** What each change between `mark` and `keep` took the place of here; without a state for nothing. */
  readonly #replaced: Weighed[] = [];
  #isMarked = false;
  #bytes = 0;

  constructor(below?: States, weigh: Weigh = () => 0) {
    this.#below = below;
    this.#weigh = weigh;
  }

  /** What was set here since the fork, or the last commit, takes about so much. */
  get bytes(): number {
    return this.#bytes;
  }

  get(index: number, key: string | null): unknown {
    const found = this.#own[index]?.get(key);
    return found === undefined ? this.#below?.get(index, key) : found.state;
  }

  set(index: number, key: string | null, state: unknown): void {
    const entry = { index, key, state, bytes: this.#weigh(index, key, state) };
    this.#own[index] ??= new Map();
    const states = this.#own[index];
    const before = states.get(key) ?? { index, key, state: undefined, bytes: 0 };
    if (this.#isMarked) this.#replaced.push(before);
    states.set(key, entry);
    this.#bytes += entry.bytes - before.bytes;
  }

  /** From here on changes can be undone, until `keep`: where `rollBackTo` can go back to. */
  mark(): number {
    this.#isMarked = true;
    return this.#replaced.length;
  }

  /** Undoes the changes since the mark. */
  rollBackTo(mark: number): void {
    while (this.#replaced.length > mark) {
      const before = this.#replaced.pop() as Weighed;
      const { index, key, state, bytes } = before;
      const states = this.#own[index];
      this.#bytes += bytes - (states?.get(key)?.bytes ?? 0);
      if (state === undefined) states?.delete(key);
      else states?.set(key, before);
    }
  }

  /** Makes the changes so far final. */
  keep(): void {
    this.#replaced.length = 0;
    this.#isMarked = false;
  }

  fork(): ChainState {
    return new ChainState(this, this.#weigh);
  }

  /** What was set here since the fork, or the last commit. */
  changes(): StateEntry[] {
    return this.#own.flatMap((states) => [...states.values()]);
  }

  /** Hands the changes to what this was forked from. */
  commit(): void {
    const below = this.#below;
    if (below === undefined) throw new Error("only a fork can be committed");
    // A hole stands for a link that nothing was set for.
    this.#own.forEach((states) => {
      for (const { index, key, state } of states.values()) below.set(index, key, state);
    });
    this.#own.length = 0;
    this.#bytes = 0;
  }
}
