import type { DeclaredService, DeclaredStep } from "./declared.ts";
import { and } from "./words.ts";

/**
 * What becomes of a service's state. The runtime keeps each operator's state under its place in the chain and its name
 * (runtime/state.ts): with the same place and name it goes on from what it has, whatever its parameters or code are now.
 */
export function stateWords(before: DeclaredService, after: DeclaredService): string[] {
  const keeps = kept(before, after);
  const dropped = stateful(before).filter(({ key }) => !keeps.has(key));
  const fresh = stateful(after).filter(({ key }) => !keeps.has(key));
  const changed = stateful(after).filter(
    ({ key, params }) => keeps.has(key) && JSON.stringify(params) !== JSON.stringify(keeps.get(key)?.params),
  );
  if (dropped.length > 0 || fresh.length > 0) {
    const names = (steps: readonly Placed[]) => and(steps.map(({ operator, place }) => `${operator} (step ${place})`));
    return [
      ...(dropped.length > 0 ? [`the state of ${names(dropped)} is dropped`] : []),
      ...(fresh.length > 0 ? [`${names(fresh)} ${fresh.length === 1 ? "starts" : "start"} with none`] : []),
      ...(keeps.size > 0 ? [`the state of ${names([...keeps.values()])} is kept`] : []),
    ];
  }
  if (keeps.size === 0) return [];
  const keepsIt = `keeps its state (changelog ${after.changelog})`;
  if (changed.length === 0) return [keepsIt];
  return [`${keepsIt}, from which ${and(changed.map(({ operator }) => operator))} goes on under the new rule`];
}

interface Placed extends DeclaredStep {
  readonly key: string;
  /** From 1, as one counts. */
  readonly place: number;
}

function stateful({ apply }: DeclaredService): Placed[] {
  return apply
    .map((step, i) => ({ ...step, key: `${i}/${step.operator}`, place: i + 1 }))
    .filter((step) => step.stateful);
}

function kept(before: DeclaredService, after: DeclaredService): Map<string, Placed> {
  const wanted = new Set(stateful(after).map(({ key }) => key));
  return new Map(stateful(before).flatMap((step) => (wanted.has(step.key) ? [[step.key, step]] : [])));
}
