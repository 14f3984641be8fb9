import type { ZodType } from "zod";
import type { ChainState } from "./chain-state.ts";
import { valueAt, withValueAt } from "./field.ts";
import { frozenState } from "./frozen-state.ts";
import { jsonOf } from "./message-text.ts";
import { forward, isForwarded, type Operator, type RecordAtHand, type RecordContext } from "./operator.ts";
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
  /** Of what entered the chain: the JSON text that the value was read from, if it was. */
  readonly source?: (() => string) | undefined;
  /** What it was made from, and by which link; absent for what entered the chain. */
  readonly before?: Message;
  readonly by?: Link;
  /** Whether it stands for more than the record at hand, as a window's result does. */
  readonly isResult?: boolean;
}

/** What became of one record. */
export interface Advanced<T> {
  /** What `deliver` made of each value that reached the end. */
  readonly outputs: readonly T[];
  /** Values that an operator forwarded as records of their own and that were then refused. */
  readonly refused: readonly OperatorError[];
}

/**
 * Sends one record through the chain and makes final what it does to `state`. All or nothing: when it is refused (an
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
  pass(chain, state, record, {
    deliver: (message) => outputs.push(deliver(message)),
    refuse: (error) => refused.push(error),
    mark: () => outputs.length,
    rollBackTo: (mark) => {
      outputs.length = mark;
    },
  });
  return { outputs, refused };
}

/** Where the values go that reach the end of a chain. */
export interface Destination<Mark = unknown> {
  /** May refuse a value, with an OperatorError. */
  deliver(message: Message): void;
  /** Told of each value that an operator forwarded as a record of its own and that was refused. */
  refuse(error: OperatorError): void;
  /** How far it has got: what `rollBackTo` goes back to when the record is refused after all. */
  mark(): Mark;
  rollBackTo(mark: Mark): void;
}

/** As `advance`, with a destination for what becomes of the record. What it was told to refuse it may be told in vain. */
export function pass<Mark>(
  chain: readonly Link[],
  states: ChainState,
  record: Message,
  destination: Destination<Mark>,
): void {
  passAsOne(chain, 0, states, record, destination);
  states.keep();
}

/** All that comes of the message, or nothing. */
function passAsOne<Mark>(
  chain: readonly Link[],
  index: number,
  states: ChainState,
  message: Message,
  destination: Destination<Mark>,
): void {
  const mark = states.mark();
  const delivered = destination.mark();
  try {
    passOn(chain, index, states, message, destination);
  } catch (error) {
    states.rollBackTo(mark);
    destination.rollBackTo(delivered);
    throw error;
  }
}

function passOn<Mark>(
  chain: readonly Link[],
  index: number,
  states: ChainState,
  message: Message,
  destination: Destination<Mark>,
): void {
  const link = chain[index];
  if (link === undefined) {
    destination.deliver(message);
    return;
  }
  const { key, timestampMs } = message;
  for (const emitted of stepOf(link, index, states, message)) {
    if (!isForwarded(emitted)) {
      passOn(chain, index + 1, states, { value: emitted, key, timestampMs, before: message, by: link }, destination);
      continue;
    }
    const isResult = link.operator.stateful;
    const forwarded = { key, timestampMs, ...emitted, before: message, by: link, isResult };
    if (!link.operator.stateful) passOn(chain, index + 1, states, forwarded, destination);
    else passOnItsOwn(chain, index + 1, states, forwarded, destination);
  }
}

function passOnItsOwn<Mark>(
  chain: readonly Link[],
  index: number,
  states: ChainState,
  message: Message,
  destination: Destination<Mark>,
): void {
  try {
    passAsOne(chain, index, states, message, destination);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    destination.refuse(error);
  }
}

/** The way of a message: what entered the chain, then what each link made of it. */
export function pathOf(message: Message): readonly Message[] {
  return message.before === undefined ? [message] : [...pathOf(message.before), message];
}

/** All stages of a message: the values on its way. */
export function stagesOf(message: Message): readonly unknown[] {
  return pathOf(message).map(({ value }) => value);
}

function stepOf(link: Link, index: number, states: ChainState, message: Message): readonly unknown[] {
  const { name, operator, params, field } = link;
  const value = field === undefined ? message.value : attempt(link, message.value, () => valueAt(message.value, field));
  if (!operator.accepts(value)) {
    throw new OperatorError(name, message.value, `expected ${expected(operator.value)}, found ${found(value)}`);
  }
  const kept = operator.stateful ? states.get(index, message.key) : null;
  const state = kept === undefined ? frozenState(operator.initial(params), name) : kept;
  const [after, emitted] = stepped(link, state, value, message);
  if (operator.stateful && after !== state) keep(link, index, states, message, frozenState(after, name));
  return field === undefined ? emitted : emitted.map((output) => outputOf(link, message.value, value, output));
}

function stepped(link: Link, state: unknown, value: unknown, message: Message) {
  const { name, operator, params } = link;
  try {
    return operator.step(params, state, value, operator.exact ? withText(link, message) : message);
  } catch (cause) {
    throw refusal(name, message.value, cause);
  }
}

function keep({ name }: Link, index: number, states: ChainState, message: Message, state: unknown): void {
  try {
    states.set(index, message.key, state);
  } catch (cause) {
    throw refusal(name, message.value, cause);
  }
}

/** What an operator makes of a field takes its place; what stands for more than this record goes on as it is. */
function outputOf({ field, operator }: Link, value: unknown, input: unknown, output: unknown): unknown {
  if (field === undefined || (isForwarded(output) && operator.stateful)) return output;
  if (!isForwarded(output)) return Object.is(input, output) ? value : withValueAt(value, field, output);
  const { value: replacement, ...context } = output;
  return forward(Object.is(input, replacement) ? value : withValueAt(value, field, replacement), context);
}

function withText({ field }: Link, message: Message): RecordAtHand {
  const { key, timestampMs } = message;
  const text = (path?: string) => jsonOf(message, [field, path].filter((each) => each !== undefined).join("."));
  return { key, timestampMs, text };
}

function attempt<T>({ name }: Link, value: unknown, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw refusal(name, value, cause);
  }
}

function refusal(operator: string, value: unknown, cause: unknown): OperatorError {
  return new OperatorError(operator, value, cause instanceof Error ? cause.message : String(cause), cause);
}

function expected(schema: ZodType): string {
  return schema.description ?? `${/^[aio]/.test(schema.type) ? "an" : "a"} ${schema.type}`;
}

function found(value: unknown): string {
  // JSON would show what it cannot write, such as an infinite number, as null.
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
