/** A piece of a source file that is not a JSON value; line and col count from 1. */
export interface MalformedValue {
  readonly line: number;
  readonly col: number;
  readonly text: string;
}

/**
 * The values of a source file, one record each, in order. A line holds one JSON value, or several with white space between
 * them (`7 6 9`); empty lines do not count. A source never skips silently: what is not JSON is listed as malformed.
 */
export function sourceValues(text: string): {
  readonly values: readonly unknown[];
  readonly malformed: readonly MalformedValue[];
} {
  const values: unknown[] = [];
  const malformed: MalformedValue[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const whole = parsed(line);
    if (whole !== undefined) {
      values.push(whole.value);
      continue;
    }
    for (const piece of line.matchAll(/\S+/g)) {
      const one = parsed(piece[0]);
      if (one === undefined) malformed.push({ line: i + 1, col: piece.index + 1, text: piece[0] });
      else values.push(one.value);
    }
  }
  return { values, malformed };
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
