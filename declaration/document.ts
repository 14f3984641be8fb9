import { parseDocument } from "yaml";
import type { Diagnostic, Finding, Path } from "./diagnostic.ts";
import { brokenNodes, offsetsOf, repeatedKeys, type YamlDiagnostic } from "./yaml-offsets.ts";

/** A parsed YAML file that still knows where everything stands. */
export interface PipelineDocument {
  /** Plain data with aliases and merge keys resolved; the last of two equal keys wins. */
  readonly data: unknown;
  /** The value at `path` as its author wrote it, so that 1e3 or a number beyond 2^53 reaches Kafka unchanged. */
  written(path: Path): string;
  /** Gives a finding its place in the text. */
  locate(finding: Finding): Diagnostic;
}

/** The faults of the text itself, and the document unless they make it unreadable. Repeated keys leave it readable. */
export function parsePipelineDocument(
  file: string,
  text: string,
): { readonly document?: PipelineDocument; readonly diagnostics: readonly Diagnostic[] } {
  const yaml = parseDocument(text, { uniqueKeys: false, prettyErrors: false, merge: true });
  const diagnostic = ({ offset, path, message }: YamlDiagnostic): Diagnostic => {
    return { file, ...locationOf(text, offset), path: path.join("/"), message };
  };

  const notYaml = untilLost([...yaml.errors, ...yaml.warnings]).map(({ pos, message }) =>
    diagnostic({ offset: pos[0], path: [], message: `not YAML: ${message}` }),
  );
  if (notYaml.length > 0) return { diagnostics: notYaml };
  const broken = brokenNodes(yaml).map(diagnostic);
  if (broken.length > 0) return { diagnostics: broken };

  return {
    document: {
      data: yaml.toJS({ maxAliasCount: -1 }),
      written: (path) => offsetsOf(yaml, path).written,
      locate: ({ path, at, message }) => {
        const { keyOffset, valueOffset } = offsetsOf(yaml, path);
        return diagnostic({ offset: at === "key" ? keyOffset : valueOffset, path, message });
      },
    },
    diagnostics: repeatedKeys(yaml, (offset) => locationOf(text, offset).line).map(diagnostic),
  };
}

/** Once the parser has lost the document's structure, it complains of every word up to its end. */
function untilLost<E extends { readonly message: string }>(errors: readonly E[]): readonly E[] {
  const lost = errors.findIndex(({ message }) => message.includes("token in YAML stream"));
  return lost < 0 ? errors : errors.slice(0, lost + 1);
}

/** Line and column from 1. Counted here, because the parser's own LineCounter misses lines behind some syntax errors. */
function locationOf(text: string, offset: number): { readonly line: number; readonly col: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, col: offset - before.lastIndexOf("\n") };
}
