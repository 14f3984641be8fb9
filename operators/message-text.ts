import { valueAt } from "./field.ts";
import { rewritten, type Span, spanAt, spliced, wholeOf } from "./json-text.ts";
import type { Link, Message } from "./message.ts";

/**
 * The JSON of a message's value, or of the field at a path of it. What no operator changed has the text that it came as: JSON
 * holds numbers that no double does, and says one thing in many ways.
 */
export function jsonOf(message: Message, path = ""): string {
  const text = textOf(message);
  if (path === "") return text ?? JSON.stringify(message.value);
  const span = text === undefined ? undefined : spanAt(text, path);
  return span === undefined || text === undefined
    ? JSON.stringify(valueAt(message.value, path))
    : text.slice(span.start, span.end);
}

/**
 * What a value is written from: the bytes that entered the chain, when it is the very value that did; a text that has to be
 * found first; or the value alone, as of most numbers that were computed.
 */
export function originOf(message: Message): "bytes" | "text" | "value" {
  let at = message;
  for (; at.before !== undefined; at = at.before) {
    if (!isAsBefore(at, at.before)) return isMadeAnew(at) ? "value" : "text";
  }
  return "bytes";
}

/** Whether a value that is not as before has nothing of a text. */
function isMadeAnew({ value, by, isResult }: Message): boolean {
  return isResult === true || (!isObject(value) && by?.field === undefined && by?.operator.moves === undefined);
}

function isAsBefore(message: Message, before: Message): boolean {
  const { value, by } = message;
  if (!Object.is(value, before.value) || message.isResult === true || by === undefined) return false;
  // An operator may have changed what is in an object, but only in what it was given.
  return !isObject(value) || by.operator.filters || by.operator.moves !== undefined || !isObject(inputOf(by, before));
}

function inputOf({ field }: Link, { value }: Message): unknown {
  return field === undefined ? value : fieldOf(value, field);
}

/** Undefined where an operator that came later has taken the field away: its own value is then looked at after this one. */
function fieldOf(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, step) => {
    return isObject(at) && Object.hasOwn(at, step) ? (at as Record<string, unknown>)[step] : undefined;
  }, value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Undefined for what was not made from a text. */
function textOf(message: Message): string | undefined {
  const { value, before, by } = message;
  if (before === undefined || by === undefined) return message.source?.();
  if (isAsBefore(message, before)) return textOf(before);
  if (isMadeAnew(message)) return undefined;
  const text = textOf(before);
  if (text === undefined) return undefined;
  if (by.field === undefined) {
    const whole = wholeOf(text);
    const made = madeBy(by, text, whole, value);
    // What stands around it stays, too, when nothing changed.
    return made === text.slice(whole.start, whole.end) ? text : made;
  }
  const span = spanAt(text, by.field);
  const made = span && madeBy(by, text, span, fieldOf(value, by.field));
  return made === undefined || span === undefined ? undefined : spliced(text, span, made);
}

/** What a link makes of a value that stands in a text. */
function madeBy({ operator, params }: Link, text: string, span: Span, value: unknown): string | undefined {
  if (operator.moves === undefined) return rewrittenIfJson(text, span, value);
  const { from, into } = operator.moves(params);
  const moved = from === undefined ? span : spanAt(text, from, span);
  if (moved === undefined) return undefined;
  const json = text.slice(moved.start, moved.end);
  return into === undefined ? json : `{${JSON.stringify(into)}:${json}}`;
}

/** Undefined for what JSON cannot write, such as a cycle, of which a later operator may have taken a part that it can. */
function rewrittenIfJson(text: string, span: Span, value: unknown): string | undefined {
  try {
    return rewritten(text, span, value);
  } catch {
    return undefined;
  }
}
