import type { ZodType } from "zod";
import type { ChainState } from "./chain-state.ts";
import { isEventTime, LAST_TIME_MS } from "./event-time.ts";
import { valueAt, withValueAt } from "./field.ts";
import { frozenState } from "./frozen-state.ts";
import type { Link, Message } from "./message.ts";
import { jsonOf } from "./message-text.ts";
import { type Forwarded, forward, isForwarded, type Operator, type RecordAtHand } from "./operator.ts";
import { OperatorError } from "./operator-error.ts";
import { messageOf, shown } from "./shown.ts";
import { AheadError, ANY_TIME, type TimeLimit } from "./time-limit.ts";

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
 * @param limit of its event time
 */
export function advance<T>(
  chain: readonly Link[],
  state: ChainState,
  record: Message,
  deliver: (message: Message) => T,
  limit = ANY_TIME,
): Advanced<T> {
  const outputs: T[] = [];
  const refused: OperatorError[] = [];
  pass(chain, state, record, {
    limit,
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
  /** Of the event times that may come to a state, or out. */
  readonly limit: TimeLimit;
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
  const { key, timestampMs } = message;
  // Not before: where a record came in with a wrong time, an operator may give it the right one.
  if (timestampMs > destination.limit.latestMs && (link === undefined || link.operator.stateful)) {
    throw new AheadError(timedBy(message), message.value, destination.limit.problem(timestampMs));
  }
  if (link === undefined) {
    destination.deliver(message);
    return;
  }
  for (const emitted of stepOf(link, index, states, message)) {
    if (!isForwarded(emitted)) {
      passOn(chain, index + 1, states, { value: emitted, key, timestampMs, before: message, by: link }, destination);
      continue;
    }
    const forwarded = forwardedFrom(link, message, emitted);
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

/** The operator that gave a message its event time; undefined when it came in with it. */
function timedBy({ before, by, timestampMs }: Message): string | undefined {
  if (before === undefined) return undefined;
  return before.timestampMs === timestampMs ? timedBy(before) : by?.name;
}

/** The way of a message: what entered the chain, then what each link made of it. */
export function pathOf(message: Message): readonly Message[] {
  return message.before === undefined ? [message] : [...pathOf(message.before), message];
}

/** All stages of a message: the values on its way. */
export function stagesOf(message: Message): readonly unknown[] {
  return pathOf(message).map(({ value }) => value);
}

/** Whatever an operator throws is the fault of the record at hand; a state that cannot be read is not. */
function stepOf(link: Link, index: number, states: ChainState, message: Message): readonly unknown[] {
  const kept = link.operator.stateful ? states.get(index, message.key) : null;
  try {
    return stepFrom(kept, link, index, states, message);
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause;
    throw new OperatorError(link.name, message.value, messageOf(cause), cause);
  }
}

function stepFrom(kept: unknown, link: Link, index: number, states: ChainState, message: Message): readonly unknown[] {
  const { name, operator, params, field } = link;
  const value = field === undefined ? message.value : valueAt(message.value, field);
  if (!operator.accepts(value))
    throw new OperatorError(name, message.value, `expected ${expected(operator.value)}, found ${shown(value)}`);
  const state = kept === undefined ? frozenState(operator.initial(params), name) : kept;
  const [after, emitted] = operator.step(params, state, value, operator.exact ? withText(link, message) : message);
  if (!Array.isArray(emitted)) throw new Error(`emitted ${shown(emitted)}; expected a list of values`);
  if (operator.stateful && after !== state) states.set(index, message.key, frozenState(after, name));
  return field === undefined ? emitted : emitted.map((output) => outputOf(link, message.value, value, output));
}

/** What is left out, or undefined, is as in the record at hand. */
function forwardedFrom(by: Link, message: Message, emitted: Forwarded): Message {
  const { value, key = message.key, timestampMs = message.timestampMs } = emitted;
  const refuse = (what: string) => {
    throw new OperatorError(by.name, message.value, what);
  };
  // Half a pair of UTF-16 has no bytes in UTF-8: two such keys would be one in Kafka.
  if (key !== null && !(typeof key === "string" && key.isWellFormed()))
    refuse(`forwarded the key ${shown(key)}; expected text that UTF-8 can write, or null`);
  if (!isEventTime(timestampMs))
    refuse(
      `forwarded the time ${shown(timestampMs)}; expected whole milliseconds since 1970, from 0 to ${LAST_TIME_MS}`,
    );
  return { value, key, timestampMs, before: message, by, isResult: by.operator.stateful };
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

function expected(schema: ZodType): string {
  return schema.description ?? `${/^[aio]/.test(schema.type) ? "an" : "a"} ${schema.type}`;
}
