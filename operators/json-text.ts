/** JSON that was read once, as text: where its parts stand, and how it reads when some of them change. */

const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COMMA = 0x2c;
const COLON = 0x3a;
const LIST = 0x5b;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const SPACE = 0x20;
const BYTE_ORDER_MARK = 0xfeff;

/** Whole numbers of so many digits and these powers are exact in a double, so their quotient is what Number gives. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/** Below this, a part that changed is written anew as a whole, so that no nesting can exhaust the stack. */
const MAX_DEPTH = 200;

/** Where a value stands in a text: indexes of UTF-16, the second not in it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The value, without the white space and the byte order mark that may stand around it. */
export function wholeOf(text: string): Span {
  let end = text.length;
  while (text.charCodeAt(end - 1) <= SPACE) end--;
  return { start: afterSpace(text, text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0), end };
}

/** Where the field stands that a path leads to, as of `valueAt`; undefined when it is not there. */
export function spanAt(text: string, path: string, within = wholeOf(text)): Span | undefined {
  return onlyNamed(text, path) ?? walkedTo(text, path, within);
}

/**
 * The field, if the last name of its path stands only once in all of the text, which is found without reading the rest.
 * Undefined when it may be elsewhere, or nowhere.
 */
function onlyNamed(text: string, path: string): Span | undefined {
  const name = path.slice(path.lastIndexOf(".") + 1);
  // With escapes it may be written in another way; what begins with a digit, or what comes before one, may be an index.
  if (name.charCodeAt(0) <= NINE || name.includes('"') || text.includes("\\")) return undefined;
  const quoted = `"${name}"`;
  const found = text.indexOf(quoted);
  if (found === -1 || text.indexOf(quoted, found + 1) !== -1) return undefined;
  const colon = afterSpace(text, found + quoted.length);
  if (text.charCodeAt(colon) !== COLON) return undefined;
  const start = afterSpace(text, colon + 1);
  return { start, end: endOf(text, start) };
}

function walkedTo(text: string, path: string, within: Span): Span | undefined {
  let span: Span | undefined = within;
  for (const step of path.split(".")) {
    if (span === undefined) return undefined;
    span = memberOf(text, span.start, step);
  }
  return span;
}

/** A text with another one in a place. */
export function spliced(text: string, { start, end }: Span, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/**
 * How a value is written of which a text, or a part of it, tells what it was before: what is the same keeps its text, with its
 * white space, escapes and digits. The same is a number, text, true, false or null in the same field, or at the same index.
 * @param value plain JSON
 */
export function rewritten(text: string, { start, end }: Span, value: unknown): string {
  return changed(text, start, end, value, 0);
}

function changed(text: string, start: number, end: number, value: unknown, depth: number): string {
  const rewrite = new Rewrite(text, start);
  rewrite.pass(value, depth);
  return rewrite.finish(end);
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Goes through a text and a value side by side, as most of it is the same, and copies the text with what changed in it. */
class Rewrite {
  readonly #text: string;
  /** Without any, a text in quotes ends at the next quote, and is what it reads as. */
  readonly #hasEscapes: boolean;
  /** Behind what was looked at. */
  #at: number;
  #result = "";
  /** Up to here, the text or what took its place is in the result. */
  #copied: number;

  constructor(text: string, start: number, hasEscapes = text.includes("\\")) {
    this.#text = text;
    this.#hasEscapes = hasEscapes;
    this.#at = this.#copied = start;
  }

  finish(end: number): string {
    return this.#result + this.#text.slice(this.#copied, end);
  }

  /** Goes past the value that comes next in the text. */
  pass(value: unknown, depth: number): void {
    if (typeof value !== "object" || value === null) this.#scalar(value);
    else if (this.#text.charCodeAt(this.#at) !== (Array.isArray(value) ? LIST : OBJECT)) this.#replace(written(value));
    else if (depth === MAX_DEPTH) this.#whole(value);
    else if (Array.isArray(value)) this.#list(value, depth + 1);
    else this.#object(value as JsonObject, depth + 1);
  }

  #scalar(value: unknown): void {
    const end = typeof value === "string" ? this.#endOfQuoted(value) : endOfEqual(this.#text, this.#at, value);
    if (end > 0) this.#at = end;
    else this.#replace(written(value));
  }

  #endOfQuoted(value: string): number {
    const text = this.#text;
    const start = this.#at;
    if (this.#hasEscapes) return endOfQuoted(text, start, value);
    if (text.charCodeAt(start) !== QUOTE) return 0;
    const end = text.indexOf('"', start + 1);
    return end - start - 1 === value.length && text.startsWith(value, start + 1) ? end + 1 : 0;
  }

  #whole(value: unknown): void {
    const end = endOf(this.#text, this.#at);
    const text = written(value);
    if (written(JSON.parse(this.#text.slice(this.#at, end))) === text) this.#at = end;
    else this.#replace(text);
  }

  #replace(replacement: string): void {
    this.#insert(replacement);
    this.#at = this.#copied = endOf(this.#text, this.#at);
  }

  #insert(addition: string): void {
    this.#result += this.#text.slice(this.#copied, this.#at) + addition;
    this.#copied = this.#at;
  }

  /** In one pass as long as the fields are those of the text, in its order, with new ones behind them. */
  #object(value: JsonObject, depth: number): void {
    const [start, copied, result] = [this.#at, this.#copied, this.#result];
    const names = Object.keys(value);
    let count = 0;
    this.#at++;
    for (; this.#toNext(); count++) {
      const name = names[count];
      const end = name === undefined ? 0 : this.#endOfQuoted(name);
      if (name === undefined || end === 0) {
        [this.#at, this.#copied, this.#result] = [start, copied, result];
        this.#replace(rearranged(this.#text, start, value, depth));
        return;
      }
      this.#at = afterSpace(this.#text, afterSpace(this.#text, end) + 1); // the colon
      this.pass(value[name], depth);
    }
    if (count < names.length) {
      const added = names.slice(count).map((name) => `${JSON.stringify(name)}:${written(value[name])}`);
      this.#insert((count === 0 ? "" : ",") + added.join(","));
    }
    this.#at = afterSpace(this.#text, this.#at) + 1;
  }

  #list(value: readonly unknown[], depth: number): void {
    const [start, copied, result] = [this.#at, this.#copied, this.#result];
    let count = 0;
    this.#at++;
    for (; this.#toNext(); count++) {
      if (count === value.length) {
        [this.#at, this.#copied, this.#result] = [start, copied, result];
        this.#replace(shortened(this.#text, start, value, depth));
        return;
      }
      this.pass(value[count], depth);
    }
    if (count < value.length) {
      this.#insert((count === 0 ? "" : ",") + value.slice(count).map(written).join(","));
    }
    this.#at = afterSpace(this.#text, this.#at) + 1;
  }

  /** Goes to where the next field or item begins; false, and no further, at the end of the object or list. */
  #toNext(): boolean {
    const text = this.#text;
    const at = afterSpace(text, this.#at);
    const code = text.charCodeAt(at);
    if (code === OBJECT_END || code === LIST_END) return false;
    this.#at = code === COMMA ? afterSpace(text, at + 1) : at;
    return true;
  }
}

/** A list that has lost items: which, nobody knows, so the first ones count as those that stayed. */
function shortened(text: string, start: number, value: readonly unknown[], depth: number): string {
  const members = new Members(text, start);
  const items = value.map((item) => {
    members.next();
    return changed(text, members.start, members.end, item, depth);
  });
  return `[${items.join(",")}]`;
}

interface Member extends Span {
  readonly name: string;
  readonly nameStart: number;
}

/**
 * Of fields that are there more than once the last one counts, as for JSON.parse; the others are left as they are. Fields that
 * stand in another order than a reader of the text finds them in are written in that order.
 */
function rearranged(text: string, start: number, value: JsonObject, depth: number): string {
  const all: Member[] = [];
  const members = new Members(text, start);
  while (members.next()) all.push(members.member());
  // Without a prototype, so that no name means anything; the order of its keys is that of what JSON.parse makes.
  const lasts: Record<string, Member> = Object.create(null);
  for (const member of all) lasts[member.name] = member;

  const isKept = ({ name }: Member) => Object.hasOwn(value, name);
  const textOf = (member: Member) => changed(text, member.start, member.end, value[member.name], depth);
  const field = (name: string) => {
    const last = lasts[name];
    return `${JSON.stringify(name)}:${last === undefined ? written(value[name]) : textOf(last)}`;
  };

  const names = Object.keys(value);
  const keptNames = Object.keys(lasts).filter((name) => Object.hasOwn(value, name));
  if (keptNames.some((name, i) => name !== names[i])) return `{${names.map(field).join(",")}}`;

  const kept = all.flatMap((member, i) => {
    if (!isKept(member)) return [];
    const separator = text.slice(all[i - 1]?.end ?? member.nameStart, member.nameStart);
    const own = text.slice(member.nameStart, member.start);
    const isLast = lasts[member.name] === member;
    return [{ separator, text: own + (isLast ? textOf(member) : text.slice(member.start, member.end)) }];
  });
  const added = names.slice(keptNames.length).map((name) => ({ separator: ",", text: field(name) }));
  const body = [...kept, ...added].map((each, i) => (i === 0 ? "" : each.separator) + each.text).join("");
  const [first, last] = [all[0]?.nameStart ?? start, all.at(-1)?.end ?? start];
  return text.slice(start, first) + body + text.slice(last, endOf(text, start));
}

/** As JSON.stringify writes what stands in a list: nothing at all as null. */
function written(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

/** Where a number, true, false or null ends, if it is what stands there; else 0. */
function endOfEqual(text: string, start: number, value: unknown): number {
  if (typeof value !== "number") return text.startsWith(String(value), start) ? start + String(value).length : 0;
  const isNegative = text.charCodeAt(start) === MINUS;
  const first = isNegative ? start + 1 : start;
  let digits = 0;
  let point = 0;
  let at = first;
  for (; ; at++) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) digits = 10 * digits + (code - ZERO);
    else if (code === POINT) point = at;
    else break;
  }
  const decimals = point === 0 ? 0 : at - point - 1;
  const isPlain = at > first && at - first <= EXACT_DIGITS && !isPartOfScalar(text.charCodeAt(at));
  if (isPlain) {
    const size = decimals === 0 ? digits : digits / (POWERS_OF_TEN[decimals] as number);
    return Object.is(isNegative ? -size : size, value) ? at : 0;
  }
  const end = endOfScalar(text, at);
  return Object.is(Number(text.slice(start, end)), value) ? end : 0;
}

/** Where the value ends if it stands there in quotes, however it is escaped; else 0. */
function endOfQuoted(text: string, start: number, value: string): number {
  if (text.charCodeAt(start) !== QUOTE) return 0;
  const end = start + value.length + 2;
  const isPlain = text.charCodeAt(end - 1) === QUOTE && text.startsWith(value, start + 1);
  if (isPlain && !value.includes("\\") && !value.includes('"')) return end;
  const found = endOfString(text, start);
  const quoted = text.slice(start, found);
  return quoted.includes("\\") && JSON.parse(quoted) === value ? found : 0;
}

/** The last one, if the name is there more than once: JSON.parse takes that one. */
function memberOf(text: string, at: number, step: string): Span | undefined {
  const first = text.charCodeAt(at);
  if (first !== OBJECT && first !== LIST) return undefined;
  const members = new Members(text, at);
  let found: Span | undefined;
  for (let index = 0; members.next(); index++) {
    if (first === OBJECT ? members.isNamed(step) : String(index) === step) {
      found = { start: members.start, end: members.end };
    }
  }
  return found;
}

/** Goes through the fields of an object or the values of a list. */
class Members {
  /** Of the value. */
  start = 0;
  end = 0;
  readonly #text: string;
  readonly #isObject: boolean;
  #at: number;
  #nameStart = 0;
  #nameEnd = 0;

  /** @param start where the object or list begins */
  constructor(text: string, start: number) {
    this.#text = text;
    this.#isObject = text.charCodeAt(start) === OBJECT;
    this.#at = start + 1;
  }

  /** Moves to the next one; false at the end. */
  next(): boolean {
    const text = this.#text;
    let at = afterSpace(text, this.#at);
    if (text.charCodeAt(at) === COMMA) at = afterSpace(text, at + 1);
    const code = text.charCodeAt(at);
    if (code === OBJECT_END || code === LIST_END) return false;
    if (this.#isObject) {
      this.#nameStart = at;
      this.#nameEnd = endOfString(text, at);
      at = afterSpace(text, afterSpace(text, this.#nameEnd) + 1); // the colon
    }
    this.start = at;
    this.end = this.#at = endOf(text, at);
    return true;
  }

  isNamed(name: string): boolean {
    const quoted = this.#nameEnd - this.#nameStart - 2;
    // An escape is longer than what it stands for.
    if (quoted === name.length) return this.#text.startsWith(name, this.#nameStart + 1) && !name.includes("\\");
    return quoted > name.length && endOfQuoted(this.#text, this.#nameStart, name) > 0;
  }

  member(): Member {
    const name: string = JSON.parse(this.#text.slice(this.#nameStart, this.#nameEnd));
    return { name, nameStart: this.#nameStart, start: this.start, end: this.end };
  }
}

function afterSpace(text: string, at: number): number {
  let after = at;
  while (text.charCodeAt(after) <= SPACE) after++;
  return after;
}

/** Where the value ends that begins there. A loop, however deep it is nested. */
function endOf(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  if (first !== OBJECT && first !== LIST) return endOfScalar(text, start);
  let depth = 0;
  for (let at = start; ; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (code === OBJECT || code === LIST) depth++;
    else if (code === OBJECT_END || code === LIST_END) {
      if (--depth === 0) return at + 1;
    } else if (Number.isNaN(code)) throw endless(text);
  }
}

function endOfScalar(text: string, start: number): number {
  let at = start;
  while (isPartOfScalar(text.charCodeAt(at))) at++;
  return at;
}

function isPartOfScalar(code: number): boolean {
  return code > SPACE && code !== COMMA && code !== OBJECT_END && code !== LIST_END;
}

/** Behind the quote that ends what the quote at `start` begins: the next one that an even number of backslashes is before. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((quote - before) % 2 === 0) return quote + 1;
  }
  throw endless(text);
}

function endless(text: string): Error {
  return new Error(`expected JSON, found ${JSON.stringify(text.slice(0, 60))}`);
}
