import { parseDocument } from "yaml";
import type { Fault, Finding, Path } from "./faults.ts";
import { brokenPlaces, type PlaceFault, placeOf, repeatedKeys } from "./yaml-places.ts";

/** A parsed YAML file that still knows where everything stands. */
export interface PipelineDocument {
  /** Plain data with aliases and merge keys resolved; the last of two equal keys wins. */
  readonly data: unknown;
  /** The value at `path` as its author wrote it, so that 1e3 or a number beyond 2^53 reaches Kafka unchanged. */
  written(path: Path): string;
  /** Gives a finding its place in the text. */
  locate(finding: Finding): Fault;
}

/** The faults of the text itself, and the document unless they make it unreadable. Repeated keys leave it readable. */
export function parsePipelineDocument(
  file: string,
  text: string,
): { readonly document?: PipelineDocument; readonly faults: readonly Fault[] } {
  const yaml = parseDocument(text, { uniqueKeys: false, prettyErrors: false, merge: true });
  const fault = ({ offset, path, message }: PlaceFault): Fault => {
    return { file, ...placeIn(text, offset), path: path.join("/"), message };
  };

  const notYaml = untilLost([...yaml.errors, ...yaml.warnings]).map(({ pos, message }) =>
    fault({ offset: pos[0], path: [], message: `found text that is not YAML: ${message}` }),
  );
  if (notYaml.length > 0) return { faults: notYaml };
  const broken = brokenPlaces(yaml).map(fault);
  if (broken.length > 0) return { faults: broken };

  return {
    document: {
      data: yaml.toJS({ maxAliasCount: -1 }),
      written: (path) => placeOf(yaml, path).written,
      locate: ({ path, at, message }) => {
        const { keyOffset, valueOffset } = placeOf(yaml, path);
        return fault({ offset: at === "key" ? keyOffset : valueOffset, path, message });
      },
    },
    faults: repeatedKeys(yaml, (offset) => placeIn(text, offset).line).map(fault),
  };
}

/** Once the parser has lost the document's structure, it complains of every word up to its end. */
function untilLost<E extends { readonly message: string }>(errors: readonly E[]): readonly E[] {
  const lost = errors.findIndex(({ message }) => message.includes("token in YAML stream"));
  return lost < 0 ? errors : errors.slice(0, lost + 1);
}

/** Line and column from 1. Counted here, because the parser's own LineCounter misses lines behind some syntax errors. */
function placeIn(text: string, offset: number): { readonly line: number; readonly col: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, col: offset - before.lastIndexOf("\n") };
}
