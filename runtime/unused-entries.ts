import type { Link } from "../operators/message.ts";
import { keptPrefix } from "./sink.ts";
import { type ChangelogEntry, stateKeyIn } from "./state.ts";
import type { StateStore } from "./state-store.ts";

/**
 * A tombstone is itself compacted away one day, and a copy of the changelog that was away meanwhile would keep what it took
 * away. So what takes away leaves word of it under this key: a copy that meets it is made anew.
 */
export function removalKey(partition: number): string {
  return `${partition}/removed`;
}

/** At most so many tombstones in one transaction; the next one goes on. */
const ENTRIES_AT_ONCE = 10_000;

/**
 * Takes away entries of the partition that neither the chain nor the position uses any more: the state of operators that
 * the chain no longer has would come back, old, if they were put back one day. None when nothing is left to take away.
 */
export function unusedEntries(
  chain: readonly Link[],
  partition: number,
  store: Pick<StateStore, "namesBetween">,
  positionKey: string | undefined,
): ChangelogEntry[] {
  const names: string[] = [];
  for (const [from, to] of gaps(usedRanges(chain, partition, positionKey), `${partition}/`, `${partition}0`)) {
    names.push(...store.namesBetween(from, to, ENTRIES_AT_ONCE - names.length));
  }
  return removalEntries(partition, names);
}

/** What the changelog is told to take these entries of a partition away. */
export function removalEntries(partition: number, names: readonly string[]): ChangelogEntry[] {
  if (names.length === 0) return [];
  const word = { key: removalKey(partition), value: JSON.stringify(names.at(-1)) };
  return [...names.map((key) => ({ key, value: null })), word];
}

type Range = readonly [from: string, to: string];

/** The names in use as ranges by bytes, the second bound not in it: "0" comes after "/", and "\0" before all others. */
function usedRanges(chain: readonly Link[], partition: number, positionKey: string | undefined): Range[] {
  const just = (name: string): Range => [name, `${name}\0`];
  const under = (name: string): Range => [`${name}/`, `${name}0`];
  const states = chain.flatMap(({ operator }, index): Range[] => {
    const link = stateKeyIn(chain, partition, index, null);
    return operator.stateful ? [just(link), under(link)] : [];
  });
  const position = positionKey === undefined ? [] : [just(positionKey)];
  return [...states, just(removalKey(partition)), under(keptPrefix(partition)), ...position];
}

/** What lies between `from` and `to` and in none of the ranges. */
function gaps(ranges: readonly Range[], from: string, to: string): Range[] {
  const sorted = ranges.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const starts = [from, ...sorted.map(([, end]) => end)];
  const ends = [...sorted.map(([start]) => start), to];
  return starts.map((start, i): Range => [start, ends[i] ?? to]).filter(([start, end]) => start < end);
}
