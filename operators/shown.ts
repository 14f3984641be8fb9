/** A value as a message shows it: JSON, cut to some 60 characters. For any value, also one that JSON cannot write. */
export function shown(value: unknown): string {
  // JSON would show what it cannot write, such as an infinite number, as null.
  const text = typeof value === "number" ? String(value) : jsonOrWords(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The text of what was thrown, which may be anything. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return "something was thrown that is not an Error";
  }
}

/** A value as JSON; in words where that cannot be: a cycle, a bigint, too many levels. */
export function jsonOrWords(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value === "bigint" ? `${value}n` : `a value of type ${typeof value} that JSON cannot write`;
  }
}
