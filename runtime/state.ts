import { type ChainState, initialState, type Link } from "../operators/chain.ts";
import { PoisonError } from "./codec.ts";
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
  const initial = initialState(chain);
  return chain.map(({ name, operator }, place) => {
    const text = operator.stateful ? changelog.get(stateKey(partition, place, name)) : undefined;
    return keepable(text === undefined ? initial[place] : parsed(text, stateKey(partition, place, name)), name);
  });
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

/**
 * The state, frozen all through, so that an operator that changes it in place fails at once and not after a crash. Throws
 * what would not come back from the changelog as it went in: JSON knows no NaN, undefined, Date, Map...
 */
export function keepable(state: unknown, operator: string): unknown {
  if (state === null || typeof state === "string" || typeof state === "boolean") return state;
  if (typeof state === "number" && Number.isFinite(state)) return state;
  if (typeof state === "object" && isPlain(state)) {
    if (Object.isFrozen(state)) return state;
    for (const part of Object.values(state)) keepable(part, operator);
    return Object.freeze(state);
  }
  throw new PoisonError(`${operator}: its state holds ${nameOf(state)}, which JSON cannot keep`, { operator });
}

function isPlain(state: object): boolean {
  const prototype = Object.getPrototypeOf(state);
  return Array.isArray(state) || prototype === Object.prototype || prototype === null;
}

function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null ? `a ${value.constructor.name}` : String(value);
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
