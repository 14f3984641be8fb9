import type { DeclaredService, DeclaredStep } from "./declared-pipeline.ts";
import { and, differences, plain } from "./phrases.ts";

/**
 * What becomes of a service's state. The runtime keeps each operator's state under its place in the chain, its name and what
 * the operator says its state depends on (runtime/state.ts): while these stay the same it goes on from what it has, whatever
 * its other parameters or code are now.
 */
export function stateImpact(before: DeclaredService, after: DeclaredService): string[] {
  const [old, now] = [stateful(before), stateful(after)];
  const pairs = now.map((step) => ({ step, was: old.find((each) => isSameLink(each, step)) }));
  const kept = pairs.flatMap(({ step, was }) => (was !== undefined && changes(was, step).length === 0 ? [step] : []));
  const reset = pairs.flatMap(({ step, was }) => (was !== undefined && !kept.includes(step) ? [{ step, was }] : []));
  const fresh = pairs.flatMap(({ step, was }) => (was === undefined ? [step] : []));
  const dropped = old.filter((step) => !now.some((each) => isSameLink(step, each)));

  if (now.length === 1 && dropped.length === 0) {
    const [only] = reset;
    if (only) return [`its state is reset${because(changes(only.was, only.step))}`];
  }
  if (dropped.length > 0 || fresh.length > 0 || reset.length > 0) {
    return [
      ...reset.map(({ step, was }) => `the state of ${names([step])} is reset${because(changes(was, step))}`),
      ...(dropped.length > 0 ? [`the state of ${names(dropped)} is dropped`] : []),
      ...(fresh.length > 0 ? [`${names(fresh)} ${fresh.length === 1 ? "starts" : "start"} without state`] : []),
      ...(kept.length > 0 ? [`the state of ${names(kept)} is kept`] : []),
    ];
  }
  if (kept.length === 0) return [];
  const keepsIt = `it keeps its state (changelog ${after.changelog})`;
  const edited = pairs.filter(({ step, was }) => was !== undefined && differences(step.params, was.params).length > 0);
  if (edited.length === 0) return [keepsIt];
  const operators = edited.map(({ step }) => step.operator);
  return [
    `${keepsIt}, and ${and(operators)} ${operators.length === 1 ? "continues" : "continue"} from it under the new rule`,
  ];
}

interface IndexedStep extends DeclaredStep {
  /** From 1, as one counts. */
  readonly index: number;
}

function stateful({ apply }: DeclaredService): IndexedStep[] {
  return apply.map((step, i) => ({ ...step, index: i + 1 })).filter((step) => step.stateful);
}

function isSameLink(a: IndexedStep, b: IndexedStep): boolean {
  return a.index === b.index && a.operator === b.operator && a.field === b.field;
}

/** "size: 4s -> 5s": what the state depends on and is another than before, as the file has it where it is a parameter. */
function changes(was: IndexedStep, is: IndexedStep): string[] {
  const [before, after] = [was.stateBasis ?? {}, is.stateBasis ?? {}];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => plain(before[name] ?? null) !== plain(after[name] ?? null))
    .map((name) => `${name}: ${shown(was, name)} -> ${shown(is, name)}`);
}

function shown({ params, stateBasis = {} }: IndexedStep, name: string): string {
  const value = params[name] ?? stateBasis[name];
  return value === undefined ? "none" : plain(value);
}

function because(changes: readonly string[]): string {
  return ` (${changes.join(", ")})`;
}

function names(steps: readonly IndexedStep[]): string {
  return and(steps.map(({ operator, index }) => `${operator} (step ${index})`));
}
