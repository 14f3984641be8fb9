import { type ChainState, initialState, type Link } from "../operators/chain.ts";
import type { Inspector } from "./kafka/kafka.ts";

/** What a changelog topic holds of one input partition: the newest value of each key. */
export type Changelog = ReadonlyMap<string, string>;

/** Names the partition, the operator's place in the chain (from 0) and its name, so that an edited chain starts anew. */
export function stateKey(partition: number, place: number, operator: string): string {
  return `${partition}/${place}/${operator}`;
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
  const used = new Set([positionKey, ...chain.map(({ name }, place) => stateKey(partition, place, name))]);
  return [...changelog.keys()].filter((key) => key.startsWith(`${partition}/`) && !used.has(key));
}

/** The chain's state as the changelog has it; a link without an entry starts with its initial state. */
export function restoreState(chain: readonly Link[], partition: number, changelog: Changelog): ChainState {
  return initialState(chain).map((initial, place) => {
    const link = chain[place] as Link;
    const text = link.operator.stateful ? changelog.get(stateKey(partition, place, link.name)) : undefined;
    return text === undefined ? initial : JSON.parse(text);
  });
}

/** Changelog entries for what changed between two states of a chain. */
export function stateChanges(
  chain: readonly Link[],
  partition: number,
  before: ChainState,
  after: ChainState,
): { key: string; value: string }[] {
  return chain.flatMap(({ operator, name }, place) =>
    operator.stateful && after[place] !== before[place]
      ? [{ key: stateKey(partition, place, name), value: JSON.stringify(after[place]) }]
      : [],
  );
}
