import type { ZodType } from "zod";
import type { ChainState } from "./chain-state.ts";
import { keepable } from "./keepable.ts";
import { isForwarded, type Operator, type RecordContext } from "./operator.ts";
import { OperatorError } from "./operator-error.ts";

/** One operator of a chain with its validated parameters. `name` is what a fault calls it. */
export interface Link {
  readonly name: string;
  readonly operator: Operator;
  readonly params: unknown;
}

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
      if (isForwarded(emitted)) passOnItsOwn({ ...message, ...emitted, before: message }, place + 1, states);
      else {
        const { key, timestampMs } = message;
        pass({ value: emitted, key, timestampMs, before: message }, place + 1, states);
      }
    }
  };

  const passOnItsOwn = (message: Message, place: number, states: ChainState): void => {
    const attempt = states.fork();
    const delivered = outputs.length;
    try {
      pass(message, place, attempt);
      attempt.commit();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      outputs.length = delivered;
      refused.push(error);
    }
  };

  const attempt = state.fork();
  pass(record, 0, attempt);
  attempt.commit();
  return { outputs, refused };
}

/** All stages of a message: the value that entered the chain, then what each link made of it. */
export function stagesOf({ value, before }: Message): readonly unknown[] {
  return before === undefined ? [value] : [...stagesOf(before), value];
}

function stepOf(link: Link, place: number, states: ChainState, message: Message): readonly unknown[] {
  const { name, operator, params } = link;
  const { value, key } = message;
  if (!operator.value.safeParse(value).success) {
    throw new OperatorError(name, value, `found ${found(value)}, wanted ${wanted(operator.value)}`);
  }
  if (!operator.stateful) return stepped(link, null, message)[1];
  const kept = states.get(place, key);
  const state = kept === undefined ? keepable(operator.initial(params), name) : kept;
  const [after, emitted] = stepped(link, state, message);
  if (after !== state) states.set(place, key, keepable(after, name));
  return emitted;
}

function stepped({ name, operator, params }: Link, state: unknown, message: Message): ReturnType<Operator["step"]> {
  try {
    return operator.step(params, state, message.value, message);
  } catch (cause) {
    throw new OperatorError(name, message.value, cause instanceof Error ? cause.message : String(cause), cause);
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
