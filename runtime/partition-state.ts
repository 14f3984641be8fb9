import type { Position } from "../kafka/kafka.ts";
import { sizeOf } from "../kafka/size-of.ts";
import { ChainState, type States } from "../operators/chain-state.ts";
import { frozenState } from "../operators/frozen-state.ts";
import { maxJsonBytes } from "../operators/max-json-bytes.ts";
import type { Link } from "../operators/message.ts";
import { type ChangelogEntry, parseState, stateKeyIn } from "./state.ts";
import { type StateStore, StateStoreError } from "./state-store.ts";

/**
 * What changed is written to the store once in a while, not with each transaction: a key that changes often is written
 * once, and an SD card lives longer. A crash costs reading that much of the changelog again.
 */
const SAVE_EVERY_MS = 10_000;
const SAVE_AT_ENTRIES = 20_000;

/** Text of JSON, so many times, is about what its value takes in memory; so much more for its key and entry in a map. */
const BYTES_PER_CHARACTER = 3;
const BYTES_PER_ENTRY = 250;

/** What was seen before counts less and less. */
const MAX_SEEN = 10_000;

type Generation = Map<string | null, unknown>[];

/**
 * The state of a chain for one input partition, as of the last committed transaction. What changed since the store was
 * last written to and what was used lately is in memory, everything else in the store alone.
 */
export class PartitionState implements States {
  readonly #chain: readonly Link[];
  readonly #partition: number;
  readonly #store: StateStore;
  /** How many bytes each of the two generations may take. */
  readonly #generationBytes: () => number;
  /** Behind the last entry of the changelog that this has. */
  #end: Position;
  /** Used since the generations last changed, and before: what is used in neither gives way. */
  #young: Generation = [];
  #old: Generation = [];
  /** All in the young generation. */
  #unsaved: Set<string | null>[] = [];
  /** What else was written to the changelog: positions and tombstones. */
  #unsavedEntries = new Map<string, string | null>();
  #lastSaved = Date.now();
  #textsSeen = 0;
  #charactersSeen = 0;
  readonly #maxRecordBytes: number;
  /** Of the changelog's keys, by index, without the records' own. */
  readonly #nameBytes: readonly number[];

  /**
   * @param store with the whole changelog up to `end`
   * @param maxRecordBytes size of the largest record that the changelog takes
   */
  constructor(
    chain: readonly Link[],
    partition: number,
    store: StateStore,
    end: Position,
    generationBytes: () => number,
    maxRecordBytes = Number.POSITIVE_INFINITY,
  ) {
    this.#chain = chain;
    this.#partition = partition;
    this.#store = store;
    this.#end = end;
    this.#generationBytes = generationBytes;
    this.#maxRecordBytes = maxRecordBytes;
    this.#nameBytes = chain.map((_, index) => Buffer.byteLength(stateKeyIn(chain, partition, index, "")));
  }

  get(index: number, key: string | null): unknown {
    const young = this.#young[index]?.get(key);
    if (young !== undefined) return young;
    const old = this.#old[index]?.get(key);
    const found = old === undefined ? this.#stored(index, key) : old;
    if (found !== undefined) this.#use(index, key, found);
    return found;
  }

  set(index: number, key: string | null, state: unknown): void {
    this.#use(index, key, state);
    this.#unsaved[index] ??= new Set();
    this.#unsaved[index].add(key);
  }

  fork(): ChainState {
    return new ChainState(this, (index, key, state) => this.#bytesOf(index, key, state));
  }

  /**
   * To be called after each transaction, once what it did to the state was set here.
   * @param end behind what it wrote to the changelog, if it did and it is known
   * @param others of the entries that it wrote there, those that are no state of the chain
   */
  committed(end: Position | undefined, others: readonly ChangelogEntry[] = []): void {
    this.#end = end ?? this.#end;
    for (const { key, value } of others) this.#unsavedEntries.set(key, value);
    const isFull = this.#weight() > this.#generationBytes();
    const unsaved = count(this.#unsaved) + this.#unsavedEntries.size;
    const isDue = Date.now() - this.#lastSaved > SAVE_EVERY_MS || unsaved >= SAVE_AT_ENTRIES;
    // What was taken away must not be found again when the next is looked for.
    const removed = others.some(({ value }) => value === null);
    if (isFull || isDue || removed) this.#save();
    if (!isFull) return;
    this.#old = this.#young;
    this.#young = [];
  }

  /** A copy that cannot be written is behind, which costs only time. */
  close(): void {
    try {
      this.#save();
    } catch (error) {
      if (!(error instanceof StateStoreError)) throw error;
    } finally {
      this.#store.close();
    }
  }

  #save(): void {
    this.#store.write(this.#entriesToSave(), this.#end);
    this.#unsaved = [];
    this.#unsavedEntries.clear();
    this.#lastSaved = Date.now();
  }

  *#entriesToSave(): Iterable<readonly [string, string | null]> {
    yield* this.#unsavedEntries;
    for (const [index, keys] of this.#unsaved.entries()) {
      for (const key of keys ?? []) {
        const text = JSON.stringify(this.#young[index]?.get(key));
        this.#weigh(text);
        yield [this.#name(index, key), text];
      }
    }
  }

  /** What an entry takes that the state becomes, and that the topic must take. */
  #bytesOf(index: number, key: string | null, state: unknown): number {
    const maxBytes = (this.#nameBytes[index] ?? 0) + 3 * (key?.length ?? 0) + maxJsonBytes(state) + BYTES_PER_ENTRY;
    if (maxBytes <= this.#maxRecordBytes) return maxBytes;
    const bytes = sizeOf({ key: this.#name(index, key), value: JSON.stringify(state) });
    if (bytes <= this.#maxRecordBytes) return maxBytes;
    throw new Error(
      `its state would be a record of ${bytes} bytes; its changelog takes at most ${this.#maxRecordBytes}`,
    );
  }

  #stored(index: number, key: string | null): unknown {
    const name = this.#name(index, key);
    const text = this.#store.get(name);
    if (text === undefined) return undefined;
    this.#weigh(text);
    return frozenState(parseState(text, name), this.#chain[index]?.name ?? "");
  }

  #name(index: number, key: string | null): string {
    return stateKeyIn(this.#chain, this.#partition, index, key);
  }

  #use(index: number, key: string | null, state: unknown): void {
    this.#young[index] ??= new Map();
    this.#young[index].set(key, state);
  }

  #weigh(text: string): void {
    this.#textsSeen++;
    this.#charactersSeen += text.length;
    if (this.#textsSeen < MAX_SEEN) return;
    this.#textsSeen /= 2;
    this.#charactersSeen /= 2;
  }

  /** Of the young generation, in bytes, as if its states were as long on average as those seen lately. */
  #weight(): number {
    const characters = this.#charactersSeen / Math.max(this.#textsSeen, 1);
    return count(this.#young) * (BYTES_PER_ENTRY + BYTES_PER_CHARACTER * characters);
  }
}

function count(maps: readonly { readonly size: number }[]): number {
  return maps.reduce((sum, map) => sum + map.size, 0);
}
