import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type BuildFailure, build, type Plugin } from "esbuild";
import { type Operator, operatorsIn } from "../operators/operator.ts";

/** Folder of the built-in operators. */
export const BUILT_IN = fileURLToPath(new URL("../operators/", import.meta.url));

/** A file that is not a module of exactly one operator; the message says why. */
export class OperatorModuleError extends Error {}

/** The operator that a TypeScript file exports, under whatever name. Throws OperatorModuleError when there is not one. */
export async function loadOperator(module: string): Promise<Operator> {
  const shown = `${basename(dirname(module))}/${basename(module)}`;
  const isBuiltIn = dirname(module) === resolve(BUILT_IN);
  const operators = operatorsIn(await (isBuiltIn ? import(pathToFileURL(module).href) : importOwn(module, shown)));
  const [operator] = operators;
  if (operator !== undefined && operators.length === 1) return operator;
  const example = "export const name = map({ value: number(), step: (_, x) => x })";
  throw new OperatorModuleError(`${shown} exports ${operators.length} operators; expected one, as in ${example}`);
}

/**
 * A user's module can lie anywhere and import "bramble/operator" and neighbours of its own: esbuild, which also bundles it
 * for the Pi, resolves these, and says where a mistake is.
 */
async function importOwn(module: string, shown: string): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), "bramble-operator-"));
  const outfile = join(folder, `${basename(module, ".ts")}.mjs`);
  try {
    await build({
      entryPoints: [module],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      nodePaths: [join(BUILT_IN, "../node_modules")],
      plugins: [sharedVocabulary],
      logLevel: "silent",
    });
    return await import(pathToFileURL(outfile).href);
  } catch (error) {
    throw new OperatorModuleError(problemOf(error, shown), { cause: error });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const sharedVocabulary: Plugin = {
  name: "bramble/operator",
  setup: ({ onResolve }) => {
    const path = pathToFileURL(join(BUILT_IN, "operator.ts")).href;
    onResolve({ filter: /^bramble\/operator$/ }, () => ({ path, external: true }));
  },
};

function problemOf(error: unknown, shown: string): string {
  const diagnostics = (error as Partial<BuildFailure>).errors;
  if (diagnostics === undefined) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    return `${shown} does not load: ${reason}. Expected a module that exports an operator`;
  }
  const places = diagnostics.map(({ text, location }) => {
    const file =
      location?.file === undefined ? shown : `${basename(dirname(location.file))}/${basename(location.file)}`;
    return `${file}:${location?.line ?? 1}:${(location?.column ?? 0) + 1}: ${text}`;
  });
  return `the operator does not build: ${places.join(", ")}`;
}
