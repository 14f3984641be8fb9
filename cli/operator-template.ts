/** A new operator to start from: how much a value differs from the one before it. */
export function operatorSource(name: string): string {
  return `import { fold, number } from "bramble/operator";

/** How much a value differs from the one before it: y = scale * (x - s). The first value only seeds the state. */
export const ${exportName(name)} = fold({
  params: { scale: number().default(1).describe("What the difference is multiplied by") },
  value: number(),
  initial: null as number | null,
  step: ({ scale }, before, x) => [x, before === null ? [] : [scale * (x - before)]],
});
`;
}

export function operatorTest(name: string): string {
  return `import { expect, test } from "@jest/globals";
import { run } from "bramble/test";
import { ${exportName(name)} } from "../../pipelines/operators/${name}.ts";

test("gives how much each value differs from the one before", () => {
  expect(run(${exportName(name)}, {}, [20, 21, 19])).toEqual([1, -2]);
});

test("multiplies the difference", () => {
  expect(run(${exportName(name)}, { scale: 10 }, [20, 21, 19])).toEqual([10, -20]);
});
`;
}

/** limit-step -> limitStep; a reserved word gets an underscore: new -> new_. */
function exportName(name: string): string {
  const camelCase = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return RESERVED.has(camelCase) ? `${camelCase}_` : camelCase;
}

/** The reserved words of ECMAScript 2026, 12.7.2, those of modules, and the names that the two files import. */
const RESERVED = new Set(
  (
    "await break case catch class const continue debugger default delete do else enum export extends false finally for " +
    "function if implements import in instanceof interface let new null package private protected public return static " +
    "super switch this throw true try typeof var void while with yield arguments eval fold number expect test run"
  ).split(" "),
);
