import type { Link } from "../operators/chain.ts";
import { ChainState } from "../operators/chain-state.ts";
import { keepable } from "../operators/keepable.ts";
import type { Inspector } from "./kafka/kafka.ts";

/** What a changelog topic holds of one input partition: the newest value of each key. */
export type Changelog = ReadonlyMap<string, string>;

/**
 * Names the partition, the operator's place in the chain (from 0) and its name, so that an edited chain starts anew; then
 * the record's key, if it has one, whatever characters it holds.
 */
export function stateKey(partition: number, place: number, operator: string, key: string | null): string {
  const link = `${partition}/${place}/${operator}`;
  return key === null ? link : `${link}/${key}`;
}

/** Everything that was committed for the partition; nothing when the service keeps no changelog. */
export async function changelogOf(
  inspector: Inspector,
  topic: string | undefined,
  partition: number,
): Promise<Changelog> {
  const changelog = new Map<string, string>();
  if (topic === undefined) return changelog;
  await inspector.readToEnd({ topic, partition }, ({ key, value }) => {
    const name = key?.toString() ?? "";
    if (value === null) changelog.delete(name);
    else changelog.set(name, value.toString());
  });
  return changelog;
}

/** Keys of the partition that neither the chain nor the position uses any more. */
export function unusedKeys(
  chain: readonly Link[],
  partition: number,
  changelog: Changelog,
  positionKey: string | undefined,
): string[] {
  return [...changelog.keys()].filter(
    (name) =>
      name.startsWith(`${partition}/`) && name !== positionKey && entryNamed(chain, partition, name) === undefined,
  );
}

/** The chain's state as the changelog has it; whatever has no entry starts with its initial state. */
export function restoreState(chain: readonly Link[], partition: number, changelog: Changelog): ChainState {
  const state = new ChainState();
  for (const [name, text] of changelog) {
    const entry = entryNamed(chain, partition, name);
    if (entry) state.set(entry.place, entry.key, keepable(parsed(text, name), entry.operator));
  }
  return state;
}

/** Which link's state, and for which record key, an entry of the changelog holds; undefined when it is none of these. */
function entryNamed(chain: readonly Link[], partition: number, name: string) {
  const [, ofPartition, ofPlace, operator, key] = /^(\d+)\/(\d+)\/([^/]+)(?:\/(.*))?$/s.exec(name) ?? [];
  const place = Number(ofPlace);
  const link = chain[place];
  const isInUse = Number(ofPartition) === partition && link?.operator.stateful && link.name === operator;
  return isInUse ? { place, operator: link.name, key: key ?? null } : undefined;
}

/** Only a foreign hand can have written something else; the state it took the place of is lost. */
function parsed(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = `found ${JSON.stringify(text.slice(0, 60))} under key ${key}, wanted JSON`;
    throw new Error(`changelog: ${found}; write a tombstone for the key to start with no state`, { cause });
  }
}

/** Changelog entries for what a fork of a chain's state changed. */
export function stateChanges(
  chain: readonly Link[],
  partition: number,
  fork: ChainState,
): { key: string; value: string }[] {
  return fork.changes().map(({ place, key, state }) => ({
    key: stateKey(partition, place, chain[place]?.name ?? "", key),
    value: JSON.stringify(state),
  }));
}
