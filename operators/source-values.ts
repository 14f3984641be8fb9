import { type Format, read } from "./format.ts";

/** A piece of a source file that is no value; line and col count from 1. */
export interface MalformedValue {
  readonly line: number;
  readonly col: number;
  readonly text: string;
}

/**
 * The values of a source file, one record each, in order. Numbers as JSON writes them stand one a line or several with
 * white space between them (`7 6 9`); JSON stands one value a line, empty lines aside; of text, each line is a value. A
 * source never skips silently: what is no such value is listed as malformed.
 */
export function sourceValues(
  text: string,
  format: Format = "number",
): { readonly values: readonly unknown[]; readonly malformed: readonly MalformedValue[] } {
  const values: unknown[] = [];
  const malformed: MalformedValue[] = [];
  for (const { line, col, text: piece } of pieces(text, format)) {
    try {
      values.push(read(format, piece));
    } catch {
      malformed.push({ line, col, text: piece });
    }
  }
  return { values, malformed };
}

function pieces(text: string, format: Format): MalformedValue[] {
  const lines = text.split("\n");
  // The last line ends the text, it does not begin another.
  if (format === "text" && lines.at(-1) === "") lines.pop();
  const piece = { number: /\S+/g, json: /\S.*\S|\S/g, text: /^.*?(?=\r?$)/gs }[format];
  return lines.flatMap((each, i) =>
    Array.from(each.matchAll(piece), ({ 0: found, index }) => ({ line: i + 1, col: index + 1, text: found })),
  );
}
