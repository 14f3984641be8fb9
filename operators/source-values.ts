/** A piece of a source file that is not a number; line and col count from 1. */
export interface MalformedValue {
  readonly line: number;
  readonly col: number;
  readonly text: string;
}

/**
 * The values of a source file, one record each, in order: numbers as JSON writes them, one a line or several with white
 * space between them (`7 6 9`). A source never skips silently: what is no such number is listed as malformed.
 */
export function sourceValues(text: string): {
  readonly values: readonly number[];
  readonly malformed: readonly MalformedValue[];
} {
  const values: number[] = [];
  const malformed: MalformedValue[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    for (const { 0: piece, index } of line.matchAll(/\S+/g)) {
      const value = numberIn(piece);
      if (value === undefined) malformed.push({ line: i + 1, col: index + 1, text: piece });
      else values.push(value);
    }
  }
  return { values, malformed };
}

/** JSON's grammar, because it leaves no doubt (`08`, `0x10`, `1_000`); and only what a double can hold. */
function numberIn(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
