import { isAscii, isUtf8 } from "node:buffer";
import { type Format, LimitError, read } from "./format.ts";

/** A piece of a source file that is no value; line and col count from 1. */
export interface MalformedValue {
  readonly line: number;
  readonly col: number;
  readonly text: string;
  /** What was expected, where the value has the format and still cannot be taken. */
  readonly limit?: string;
}

type Encoding = "UTF-16LE" | "UTF-16BE" | "UTF-32LE" | "UTF-32BE";

/** Where a text file is in another encoding than UTF-8. */
export interface ForeignByte {
  /** Which one, if a byte order mark says so. */
  readonly encoding?: Encoding;
  /** What to try, by the name that iconv(1) knows. */
  readonly likely: Encoding | "latin1";
  readonly byte: number;
  /** From 1. */
  readonly line: number;
  /** From 0, in the file. */
  readonly offset: number;
}

/** A part of a line that stands for a value, or is none. */
export interface Piece {
  /** Of its first byte in the line, from 0. */
  readonly at: number;
  readonly bytes: Buffer;
}

const LINE_END = 0x0a;

const UTF_8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The longer ones first, as one begins like another. */
const OTHER_MARKS = [
  { encoding: "UTF-32LE", mark: Buffer.from([0xff, 0xfe, 0, 0]) },
  { encoding: "UTF-32BE", mark: Buffer.from([0, 0, 0xfe, 0xff]) },
  { encoding: "UTF-16LE", mark: Buffer.from([0xff, 0xfe]) },
  { encoding: "UTF-16BE", mark: Buffer.from([0xfe, 0xff]) },
] as const;

/** How many bytes of a file are no text but a mark: it says that the file is UTF-8. */
export function markLength(beginning: Buffer): number {
  return beginning.subarray(0, UTF_8_MARK.length).equals(UTF_8_MARK) ? UTF_8_MARK.length : 0;
}

/** The other encoding of a file that its byte order mark tells. */
export function markedEncoding(beginning: Buffer): Encoding | undefined {
  return OTHER_MARKS.find(({ mark }) => beginning.subarray(0, mark.length).equals(mark))?.encoding;
}

/** The first byte of a file that cannot be read as text in UTF-8; undefined when all can. */
export function foreignByte(content: Buffer): ForeignByte | undefined {
  const encoding = markedEncoding(content);
  if (encoding !== undefined) return { encoding, likely: encoding, byte: content[0] ?? 0, line: 1, offset: 0 };
  const nul = content.indexOf(0);
  const text = nul < 0 ? content : content.subarray(0, nul);
  const offset = isUtf8(text) ? nul : invalidOffset(text);
  if (offset < 0) return undefined;
  const byte = content[offset] ?? 0;
  const line = content.subarray(0, offset).reduce((count, each) => count + (each === LINE_END ? 1 : 0), 1);
  // In UTF-16, what ASCII has too comes with a NUL behind it or before it.
  const utf16 = offset % 2 === 1 ? "UTF-16LE" : "UTF-16BE";
  return { likely: byte === 0 ? utf16 : "latin1", byte, line, offset };
}

/** A value of a source file, and the text that it was read from. */
export interface SourceValue {
  readonly value: unknown;
  readonly text: string;
}

/**
 * The values of a source file in UTF-8, one record each, in order. Numbers as JSON writes them stand one a line or several with
 * white space between them (`7 6 9`); JSON stands one value a line, empty lines aside; of text, each line is a value. A
 * source never skips silently: what is no such value is listed as malformed, and a file in another encoding throws.
 */
export function sourceValues(
  content: Buffer,
  format: Format = "number",
): { readonly values: readonly SourceValue[]; readonly malformed: readonly MalformedValue[] } {
  const foreign = foreignByte(content);
  if (foreign) throw new Error(`expected text in UTF-8, found ${describeForeign(foreign)}`);
  const values: SourceValue[] = [];
  const malformed: MalformedValue[] = [];
  for (const [i, line] of linesOf(content.subarray(markLength(content))).entries()) {
    for (const { at, bytes } of piecesOf(line, format)) {
      const text = bytes.toString();
      try {
        values.push({ value: read(format, text), text });
      } catch (error) {
        const col = line.subarray(0, at).toString().length + 1;
        malformed.push({ line: i + 1, col, text, ...(error instanceof LimitError && { limit: error.message }) });
      }
    }
  }
  return { values, malformed };
}

/** As an error says it. */
export function describeForeign({ encoding, byte, line, offset }: ForeignByte): string {
  if (encoding !== undefined) return `${encoding} (its byte order mark says so)`;
  return `byte 0x${byte.toString(16).padStart(2, "0")} in line ${line}, at byte offset ${offset}`;
}

/** White space as JavaScript knows it; JSON also ends at the line end of an old Mac. */
const PIECES: Readonly<Record<Format, RegExp>> = {
  number: /\S+/g,
  json: /\S(?:[^\r]*\S)?/g,
  text: /^.*?(?=\r?$)/gs,
};

/** The same for bytes that are no UTF-8, one character for each: beyond ASCII nobody knows what they are. */
const PIECES_OF_BYTES: Readonly<Record<Format, RegExp>> = {
  number: /[^\t-\r ]+/g,
  json: /[^\t-\r ](?:[^\r]*[^\t-\r ])?/g,
  text: PIECES.text,
};

/** The pieces of a line without its end, of a file of a format. What is no UTF-8 comes as it is, for a decoder to refuse. */
export function piecesOf(line: Buffer, format: Format): Piece[] {
  if (isAscii(line) || !isUtf8(line)) {
    const pattern = isAscii(line) ? PIECES[format] : PIECES_OF_BYTES[format];
    return Array.from(line.toString("latin1").matchAll(pattern), ({ 0: found, index }) => ({
      at: index,
      bytes: line.subarray(index, index + found.length),
    }));
  }
  const text = line.toString();
  return Array.from(text.matchAll(PIECES[format]), ({ 0: found, index }) => ({
    at: Buffer.byteLength(text.slice(0, index)),
    bytes: Buffer.from(found),
  }));
}

/** The last line ends the text, it does not begin another. */
function linesOf(content: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < content.length; ) {
    const found = content.indexOf(LINE_END, start);
    const end = found < 0 ? content.length : found;
    lines.push(content.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** Of the first byte that begins no character. */
function invalidOffset(bytes: Buffer): number {
  let offset = 0;
  while (offset < bytes.length) {
    const length = [1, 2, 3, 4].find((n) => offset + n <= bytes.length && isUtf8(bytes.subarray(offset, offset + n)));
    if (length === undefined) return offset;
    offset += length;
  }
  return -1;
}
