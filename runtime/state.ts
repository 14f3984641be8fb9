import { stateNameOf } from "../operators/chain.ts";
import type { ChainState } from "../operators/chain-state.ts";
import type { Link } from "../operators/message.ts";

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
 * Names the partition, the operator's index in the chain (from 0) and its state's name, so that an edited chain starts anew;
 * then the record's key, if it has one, whatever characters it holds.
 */
export function stateKey(partition: number, index: number, stateName: string, key: string | null): string {
  const link = `${partition}/${index}/${stateName}`;
  return key === null ? link : `${link}/${key}`;
}

/** The same for the link at an index of a chain. */
export function stateKeyIn(chain: readonly Link[], partition: number, index: number, key: string | null): string {
  const link = chain[index];
  return stateKey(partition, index, link === undefined ? "" : stateNameOf(link), key);
}

/** Changelog entries for what a fork of a chain's state changed. */
export function stateChanges(chain: readonly Link[], partition: number, fork: ChainState): ChangelogEntry[] {
  return fork.changes().map(({ index, key, state }) => ({
    key: stateKeyIn(chain, partition, index, key),
    value: JSON.stringify(state),
  }));
}

/** The state that an entry holds. Only a foreign hand can have written what is none. */
export function parseState(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = JSON.stringify(text.slice(0, 60));
    const next = "write a tombstone for the key to start without state";
    throw new Error(`changelog: expected JSON under key ${key}, found ${found}; ${next}`, { cause });
  }
}
