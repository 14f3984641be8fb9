import { advance } from "./chain.ts";
import { ChainState } from "./chain-state.ts";
import type { Message } from "./message.ts";
import type { Operator } from "./operator.ts";
import { OperatorError } from "./operator-error.ts";

/** A value with its event time in milliseconds and, if it has one, its key. */
export type At = readonly [timestampMs: number, value: unknown, key?: string];

/** Everything that an operator emits for `values`, its parameters checked and completed as a pipeline file's are. */
export function run(operator: Operator, params: object, values: readonly unknown[]): unknown[] {
  const state = new ChainState();
  const chain = [{ name: "it", operator, params: operator.params.parse(params) }];
  return values.flatMap(
    (value) => advance(chain, state, { key: null, value, timestampMs: 0 }, (out) => out.value).outputs,
  );
}

/**
 * As `run`, for records with times and keys, and as if the process had crashed and its state come back after each of them.
 * A record that is refused gives its message instead.
 */
export function runAt(operator: Operator, params: object, records: readonly At[]): (At | string)[] {
  return runEdited(operator, [[params, records]]);
}

/** As `runAt`, with parameters that are edited on the way, by an edit that keeps the state. */
export function runEdited(
  operator: Operator,
  phases: readonly (readonly [params: object, records: readonly At[]])[],
): (At | string)[] {
  let state = new ChainState();
  return phases.flatMap(([params, records]) => {
    const chain = [{ name: "it", operator, params: operator.params.parse(params) }];
    return records.flatMap(([timestampMs, value, key]): (At | string)[] => {
      state = restarted(state);
      const message = { key: key ?? null, value, timestampMs };
      try {
        return [...advance(chain, state, message, emitted).outputs];
      } catch (error) {
        if (error instanceof OperatorError) return [error.message];
        throw error;
      }
    });
  });
}

function emitted({ timestampMs, value, key }: Message): At {
  return key === null ? [timestampMs, value] : [timestampMs, value, key];
}

/** The state as it comes back from a changelog after a crash. */
function restarted(state: ChainState): ChainState {
  const after = new ChainState();
  for (const { index, key, state: each } of state.changes()) after.set(index, key, JSON.parse(JSON.stringify(each)));
  return after;
}
