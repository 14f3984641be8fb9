import type { core, ZodType } from "zod";
import { keysOf, schemaAt } from "./describe-schema.ts";
import { type Finding, type Path, shown, wrongKey, wrongValue } from "./diagnostic.ts";
import { didYouMean } from "./suggest.ts";

/**
 * What a schema has against `data`, as findings below `prefix`. `expected` says what should stand at a path; by
 * default the schema's own message does.
 */
export function shapeFindings(
  schema: ZodType,
  data: unknown,
  prefix: Path = [],
  expected: (path: Path, issue: core.$ZodIssue) => string = (_, { message }) => message,
): Finding[] {
  const issues = schema.safeParse(data).error?.issues ?? [];
  return issues.flatMap((issue): Finding[] => {
    const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
    if (issue.code === "unrecognized_keys") return unknownKeys(schema, issue, path, prefix);
    const found = shown(valueAt(data, path));
    return [wrongValue([...prefix, ...path], `expected ${expected(path, issue)}, found ${found}`)];
  });
}

function unknownKeys(schema: ZodType, { keys }: core.$ZodIssueUnrecognizedKeys, path: Path, prefix: Path): Finding[] {
  const known = keysOf(schemaAt(schema, path));
  const expected = known.length < 2 ? (known[0] ?? "no keys here") : `one of ${known.join(", ")}`;
  return keys.map((key) =>
    wrongKey([...prefix, ...path, key], `unknown key; expected ${expected}${didYouMean(key, known)}`),
  );
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce(
    (value, step) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    data,
  );
}
