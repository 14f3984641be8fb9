import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import type { Path } from "./diagnostic.ts";

/** Where the node at a path starts in the text, in characters. A path that is not there gives its nearest parent. */
export interface NodeOffsets {
  readonly keyOffset: number;
  /** The key's when nothing is written after it. */
  readonly valueOffset: number;
  /** The value's source text; quotes and block markers taken off. */
  readonly written: string;
}

export function offsetsOf(yaml: Document, path: Path): NodeOffsets {
  let node: unknown = yaml.contents;
  let keyOffset = startOf(node) ?? 0;
  for (const step of path) {
    const child = childOf(yaml, follow(yaml, node), step);
    if (child === undefined) return { keyOffset, valueOffset: keyOffset, written: "" };
    keyOffset = startOf(child.key) ?? keyOffset;
    node = child.value;
  }
  const value = follow(yaml, node);
  const empty = isScalar(value) && value.value === null && !value.source;
  return { keyOffset, valueOffset: empty ? keyOffset : (startOf(value) ?? keyOffset), written: writtenText(value) };
}

/** What makes a document unreadable though it parses: aliases that lead nowhere or round in a circle, keys that are no text. */
export function brokenNodes(yaml: Document): YamlDiagnostic[] {
  const diagnostics: YamlDiagnostic[] = [];
  for (const { node, path, ancestors } of nodesOf(yaml)) {
    const offset = startOf(node) ?? 0;
    if (isAlias(node)) {
      const target = node.resolve(yaml);
      if (target === undefined) {
        diagnostics.push({
          offset,
          path,
          message: `there is no anchor for *${node.source}; expected &${node.source} above it`,
        });
      } else if (ancestors.includes(target)) {
        diagnostics.push({
          offset,
          path,
          message: `*${node.source} stands inside &${node.source}, which it refers to; move it outside`,
        });
      }
    }
    if (!isMap(node)) continue;
    for (const { key } of node.items) {
      if (isScalar(key)) continue;
      diagnostics.push({
        offset: startOf(key) ?? offset,
        path,
        message: "expected a plain name as the key, found a list or a mapping",
      });
    }
  }
  return diagnostics;
}

/** Keys that stand twice in one mapping. */
export function repeatedKeys(yaml: Document, lineOf: (offset: number) => number): YamlDiagnostic[] {
  const diagnostics: YamlDiagnostic[] = [];
  for (const { node, path } of nodesOf(yaml)) {
    if (!isMap(node)) continue;
    const first = new Map<string, number>();
    for (const pair of node.items) {
      const name = nameOf(pair);
      const offset = startOf(pair.key) ?? 0;
      const before = first.get(name);
      if (before === undefined) {
        first.set(name, offset);
      } else {
        const message = `${name} is already on line ${lineOf(before)}; rename or remove one of them`;
        diagnostics.push({ offset, path: [...path, name], message });
      }
    }
  }
  return diagnostics;
}

export interface YamlDiagnostic {
  readonly offset: number;
  readonly path: Path;
  readonly message: string;
}

interface Visited {
  readonly node: unknown;
  readonly path: Path;
  readonly ancestors: readonly unknown[];
}

function* nodesOf(yaml: Document): Generator<Visited> {
  const waiting: Visited[] = [{ node: yaml.contents, path: [], ancestors: [] }];
  for (let visited = waiting.shift(); visited !== undefined; visited = waiting.shift()) {
    yield visited;
    const { node, path } = visited;
    const ancestors = [...visited.ancestors, node];
    if (isMap(node)) {
      for (const pair of node.items) waiting.push({ node: pair.value, path: [...path, nameOf(pair)], ancestors });
    } else if (isSeq(node)) {
      for (const [i, item] of node.items.entries()) waiting.push({ node: item, path: [...path, i], ancestors });
    }
  }
}

function childOf(yaml: Document, parent: unknown, step: string | number): { key: unknown; value: unknown } | undefined {
  if (isSeq(parent)) {
    const item = parent.items[Number(step)];
    return item === undefined ? undefined : { key: item, value: item };
  }
  if (!isMap(parent)) return undefined;
  const own = parent.items.findLast((pair) => nameOf(pair) === String(step));
  if (own !== undefined) return own;
  for (const merged of mergedInto(yaml, parent)) {
    const found = childOf(yaml, merged, step);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What `<<: *anchor` or `<<: [*one, *two]` brings into a mapping. */
function mergedInto(yaml: Document, map: YAMLMap): unknown[] {
  return map.items
    .filter((pair) => nameOf(pair) === "<<")
    .map((pair) => follow(yaml, pair.value))
    .flatMap((value) => (isSeq(value) ? value.items.map((item) => follow(yaml, item)) : [value]));
}

function follow(yaml: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(yaml) : node;
}

/** A merge key holds a symbol; its source is what was written. */
function nameOf({ key }: Pair): string {
  return isScalar(key) ? (typeof key.value === "symbol" ? (key.source ?? "<<") : String(key.value)) : "";
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function writtenText(node: unknown): string {
  if (!isScalar(node)) return "";
  return node.type === "PLAIN" && node.source !== undefined ? node.source : String(node.value);
}
