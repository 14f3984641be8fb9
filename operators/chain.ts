import type { ZodType } from "zod";
import type { Operator } from "./operator.ts";

/** One operator of a chain with its validated parameters. `name` is what a fault calls it. */
export interface Link {
  readonly name: string;
  readonly operator: Operator;
  readonly params: unknown;
}

/** The state of every link of a chain, in the chain's order; null for a link that keeps none. */
export type ChainState = readonly unknown[];

/** A value that an operator refused or broke on: the record it came from is poison, and the stream can go on. */
export class OperatorError extends Error {
  readonly operator: string;
  readonly value: unknown;

  constructor(operator: string, value: unknown, problem: string, cause?: unknown) {
    super(`${operator}: ${problem}`, { cause });
    this.name = "OperatorError";
    this.operator = operator;
    this.value = value;
  }
}

export function initialState(chain: readonly Link[]): ChainState {
  return chain.map(({ operator, params }) => operator.initial(params));
}

/**
 * Sends one value through the chain: the next state, and what comes out at its end. Pure: when a link throws an
 * OperatorError, `state` still holds and no link has seen the value.
 */
export function advance(chain: readonly Link[], state: ChainState, value: unknown): [ChainState, readonly unknown[]] {
  const next = [...state];
  let values: readonly unknown[] = [value];
  for (const [i, link] of chain.entries()) {
    const outputs: unknown[] = [];
    for (const each of values) {
      const [after, emitted] = stepOf(link, next[i], each);
      next[i] = after;
      for (const output of emitted) outputs.push(output);
    }
    values = outputs;
  }
  return [next, values];
}

/** As `advance`, but gives for each value at the end all its stages: what came in, what each link made of it. */
export function advanceInStages(
  chain: readonly Link[],
  state: ChainState,
  value: unknown,
): [ChainState, readonly (readonly unknown[])[]] {
  const next = [...state];
  let paths: readonly (readonly unknown[])[] = [[value]];
  for (const [i, link] of chain.entries()) {
    paths = paths.flatMap((path) => {
      const [after, emitted] = stepOf(link, next[i], path.at(-1));
      next[i] = after;
      return emitted.map((output) => [...path, output]);
    });
  }
  return [next, paths];
}

function stepOf(link: Link, state: unknown, value: unknown): readonly [unknown, readonly unknown[]] {
  const { name, operator, params } = link;
  if (!operator.value.safeParse(value).success) {
    throw new OperatorError(name, value, `found ${found(value)}, wanted ${wanted(operator.value)}`);
  }
  try {
    return operator.step(params, state, value);
  } catch (cause) {
    throw new OperatorError(name, value, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function wanted(schema: ZodType): string {
  return schema.description ?? `${/^[aio]/.test(schema.type) ? "an" : "a"} ${schema.type}`;
}

function found(value: unknown): string {
  // JSON would show what it cannot write, such as an infinite number, as null.
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
