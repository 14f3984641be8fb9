import type { Link } from "../operators/chain.ts";
import type { ChainState } from "../operators/chain-state.ts";

/** What a changelog topic holds of one input partition: the newest value of each key. */
export interface Changelog {
  get(name: string): string | undefined;
}

/** An entry of the changelog; a value of null takes the key away (a tombstone). */
export interface ChangelogEntry {
  readonly key: string;
  readonly value: string | null;
}

/**
 * Names the partition, the operator's place in the chain (from 0) and its name, so that an edited chain starts anew; then
 * the record's key, if it has one, whatever characters it holds.
 */
export function stateKey(partition: number, place: number, operator: string, key: string | null): string {
  const link = `${partition}/${place}/${operator}`;
  return key === null ? link : `${link}/${key}`;
}

/** Changelog entries for what a fork of a chain's state changed. */
export function stateChanges(chain: readonly Link[], partition: number, fork: ChainState): ChangelogEntry[] {
  return fork.changes().map(({ place, key, state }) => ({
    key: stateKey(partition, place, chain[place]?.name ?? "", key),
    value: JSON.stringify(state),
  }));
}

/** The state that an entry holds. Only a foreign hand can have written what is none. */
export function parseState(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = `found ${JSON.stringify(text.slice(0, 60))} under key ${key}, wanted JSON`;
    throw new Error(`changelog: ${found}; write a tombstone for the key to start with no state`, { cause });
  }
}
