/** The state of one link of a chain for one key; a key of null is that of records without a key. */
export interface StateEntry {
  readonly place: number;
  readonly key: string | null;
  readonly state: unknown;
}

/** What the links of a chain remember, wherever it is kept. */
export interface States {
  /** Undefined where nothing was set yet. */
  get(place: number, key: string | null): unknown;
  set(place: number, key: string | null, state: unknown): void;
  fork(): ChainState;
}

/**
 * What the links of a chain remember: a state for each link (by its place in the chain, from 0) and key. A fork sees
 * what is below it and keeps its own changes to itself until they are committed, or forgotten with the fork.
 */
export class ChainState implements States {
  readonly #below: States | undefined;
  readonly #own: Map<string | null, unknown>[] = [];
  /** What each change between `mark` and `keep` took the place of here; undefined for nothing. */
  readonly #replaced: StateEntry[] = [];
  #isMarked = false;

  constructor(below?: States) {
    this.#below = below;
  }

  get(place: number, key: string | null): unknown {
    const found = this.#own[place]?.get(key);
    return found === undefined ? this.#below?.get(place, key) : found;
  }

  set(place: number, key: string | null, state: unknown): void {
    this.#own[place] ??= new Map();
    const states = this.#own[place];
    if (this.#isMarked) this.#replaced.push({ place, key, state: states.get(key) });
    states.set(key, state);
  }

  /** From here on changes can be undone, until `keep`: where `takeBackTo` can go back to. */
  mark(): number {
    this.#isMarked = true;
    return this.#replaced.length;
  }

  /** Undoes the changes since the mark. */
  takeBackTo(mark: number): void {
    while (this.#replaced.length > mark) {
      const { place, key, state } = this.#replaced.pop() as StateEntry;
      if (state === undefined) this.#own[place]?.delete(key);
      else this.#own[place]?.set(key, state);
    }
  }

  /** Makes the changes so far final. */
  keep(): void {
    this.#replaced.length = 0;
    this.#isMarked = false;
  }

  fork(): ChainState {
    return new ChainState(this);
  }

  /** What was set here since the fork, or the last commit. */
  changes(): StateEntry[] {
    return this.#own.flatMap((states, place) => [...states].map(([key, state]) => ({ place, key, state })));
  }

  /** Hands the changes to what this was forked from. */
  commit(): void {
    const below = this.#below;
    if (below === undefined) throw new Error("only a fork can be committed");
    // A hole stands for a link that nothing was set for.
    this.#own.forEach((states, place) => {
      for (const [key, state] of states) below.set(place, key, state);
    });
    this.#own.length = 0;
  }
}
