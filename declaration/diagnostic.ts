/** One thing that is wrong in a pipeline file: where, what was found, what was expected, and the next step. */
export interface Diagnostic {
  /** As the caller named it. */
  readonly file: string;
  /** From 1; absent when the file itself is at fault, such as one that does not exist. */
  readonly line?: number;
  /** From 1; beside `line`. */
  readonly col?: number;
  /** Keys and list indexes joined by "/", e.g. services/con2/apply/0/ewma/alpha; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Every mistake of a pipeline file at once, in the order of the file; then those of the operators beside it. */
export class PipelineError extends Error {
  readonly code = "pipeline-invalid";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const files = [...new Set(diagnostics.map(({ file }) => file))];
    const ordered = [...diagnostics].sort(
      (a, b) =>
        files.indexOf(a.file) - files.indexOf(b.file) || (a.line ?? 0) - (b.line ?? 0) || (a.col ?? 0) - (b.col ?? 0),
    );
    super(ordered.map(printDiagnostic).join("\n"));
    this.name = "PipelineError";
    this.diagnostics = ordered;
  }
}

export function printDiagnostic({ file, line, col, path, message }: Diagnostic): string {
  const at = line === undefined ? file : `${file}:${line}:${col}`;
  return `${at}: ${path === "" ? "" : `${path}: `}${message}`;
}

/** Keys and list places from the top of the file. */
export type Path = readonly (string | number)[];

/** A fault that does not know yet where in the text its path is. */
export interface Finding {
  readonly path: Path;
  /** Which side of `key: value` is wrong. */
  readonly at: "key" | "value";
  readonly message: string;
}

export function wrongKey(path: Path, message: string): Finding {
  return { path, at: "key", message };
}

export function wrongValue(path: Path, message: string): Finding {
  return { path, at: "value", message };
}

/** How a value is shown in a message, as in "expected a number > 0 and <= 1, found 1.5". */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return Object.keys(value).length === 0 ? "an empty mapping" : "a mapping";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
