import type { ZodType } from "zod";
import type { ChainState } from "./chain-state.ts";
import { valueAt, withValueAt } from "./field.ts";
import { keepable } from "./keepable.ts";
import { forward, isForwarded, type Operator, type RecordContext } from "./operator.ts";
import { OperatorError } from "./operator-error.ts";

/** One operator of a chain with its validated parameters. `name` is what a fault calls it, and its state. */
export interface Link {
  readonly name: string;
  readonly operator: Operator;
  readonly params: unknown;
  /** The field of an object that it works on; the whole value when it is left out. */
  readonly field?: string;
}

/** An operator by its name, as a pipeline applies it. */
export interface AppliedStep {
  readonly operator: string;
  readonly params: unknown;
  readonly field?: string;
}

export function linkOf({ operator: name, params, field }: AppliedStep, operator: Operator): Link {
  return field === undefined ? { name, operator, params } : { name: `${name}(${field})`, operator, params, field };
}

/**
 * What the state of a link is kept under: its name and what the state depends on, as time-window{"size":4000,"advance":4000}.
 * Without a slash, which separates it from a record's key.
 */
export function stateNameOf(link: Link): string {
  const known = stateNames.get(link);
  if (known !== undefined) return known;
  const basis = link.operator.stateDependsOn(link.params);
  const name =
    Object.keys(basis).length === 0 ? link.name : link.name + JSON.stringify(basis).replaceAll("/", "\\u002f");
  stateNames.set(link, name);
  return name;
}

/** Asked for with every state that is read or written. */
const stateNames = new WeakMap<Link, string>();

/** A value on its way through a chain. */
export interface Message extends RecordContext {
  readonly value: unknown;
  /** What it was made from by the link before; absent for what entered the chain. */
  readonly before?: Message;
}

/** What became of one record. */
export interface Advanced<T> {
  /** What `deliver` made of each value that reached the end. */
  readonly outputs: readonly T[];
  /** Values that an operator forwarded as records of their own and that were then refused. */
  readonly refused: readonly OperatorError[];
}

/**
 * Sends one record through the chain and commits what it does to `state`. All or nothing: when it is refused (an
 * OperatorError, also one by `deliver`, which gets each value that reaches the end), `state` is as it was before.
 */
export function advance<T>(
  chain: readonly Link[],
  state: ChainState,
  record: Message,
  deliver: (message: Message) => T,
): Advanced<T> {
  const outputs: T[] = [];
  const refused: OperatorError[] = [];

  const pass = (message: Message, place: number, states: ChainState): void => {
    const link = chain[place];
    if (link === undefined) {
      outputs.push(deliver(message));
      return;
    }
    for (const emitted of stepOf(link, place, states, message)) {
      const { key, timestampMs } = message;
      if (!isForwarded(emitted)) pass({ value: emitted, key, timestampMs, before: message }, place + 1, states);
      else
        (link.operator.stateful ? passOnItsOwn : pass)({ ...message, ...emitted, before: message }, place + 1, states);
    }
  };

  const passOnItsOwn = (message: Message, place: number, states: ChainState): void => {
    const fork = states.fork();
    const delivered = outputs.length;
    try {
      pass(message, place, fork);
      fork.commit();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      outputs.length = delivered;
      refused.push(error);
    }
  };

  const fork = state.fork();
  pass(record, 0, fork);
  fork.commit();
  return { outputs, refused };
}

/** All stages of a message: the value that entered the chain, then what each link made of it. */
export function stagesOf({ value, before }: Message): readonly unknown[] {
  return before === undefined ? [value] : [...stagesOf(before), value];
}

function stepOf(link: Link, place: number, states: ChainState, message: Message): readonly unknown[] {
  const { name, operator, params } = link;
  const value = attempt(link, message.value, () => inputOf(link, message.value));
  if (!operator.value.safeParse(value).success) {
    throw new OperatorError(name, message.value, `found ${found(value)}, wanted ${wanted(operator.value)}`);
  }
  const kept = operator.stateful ? states.get(place, message.key) : null;
  const state = kept === undefined ? keepable(operator.initial(params), name) : kept;
  const [after, emitted] = attempt(link, message.value, () => operator.step(params, state, value, message));
  if (operator.stateful && after !== state) states.set(place, message.key, keepable(after, name));
  return link.field === undefined ? emitted : emitted.map((output) => outputOf(link, message.value, output));
}

function inputOf({ field }: Link, value: unknown): unknown {
  return field === undefined ? value : valueAt(value, field);
}

/** What an operator makes of a field takes its place; what stands for more than this record goes on as it is. */
function outputOf({ field, operator }: Link, value: unknown, output: unknown): unknown {
  if (field === undefined || (isForwarded(output) && operator.stateful)) return output;
  if (!isForwarded(output)) return withValueAt(value, field, output);
  const { value: replacement, ...context } = output;
  return forward(withValueAt(value, field, replacement), context);
}

function attempt<T>({ name }: Link, value: unknown, work: () => T): T {
  try {
    return work();
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
