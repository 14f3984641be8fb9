import { readdir, readFile } from "node:fs/promises";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type TransformFailure, transform } from "esbuild";
import { type Operator, operatorsIn } from "../operators/operator.ts";
import { OPERATOR_NAME } from "./names.ts";

const BUILT_IN = fileURLToPath(new URL("../operators/", import.meta.url));

/** An operator with the absolute path of the file that exports it. */
export interface CatalogueEntry {
  readonly operator: Operator;
  readonly module: string;
}

/** The operators that a pipeline file can name: the built-in ones, and those in the folder `operators/` beside it. */
export interface Catalogue {
  readonly names: readonly string[];
  /** The operator, what is wrong with its file ("found ..., wanted ..."), or undefined when there is none of that name. */
  find(name: string): Promise<CatalogueEntry | string | undefined>;
}

/** `folder` is that of the pipeline file. A user's module is loaded only once it is asked for. */
export async function openCatalogue(folder: string): Promise<Catalogue> {
  const [builtIn, own] = await Promise.all([builtInOperators(), operatorFiles(join(folder, "operators"))]);
  return {
    names: [...new Set([...builtIn.keys(), ...own])].sort(),
    find: async (name) => {
      if (own.includes(name) && builtIn.has(name)) {
        return `found operators/${name}.ts beside this file as well as a built-in ${name}, wanted one; rename yours`;
      }
      return builtIn.get(name) ?? (own.includes(name) ? loadOwn(folder, name) : undefined);
    },
  };
}

/** The built-in operators by name. */
export async function builtInOperators(): Promise<ReadonlyMap<string, CatalogueEntry>> {
  const found = new Map<string, CatalogueEntry>();
  for (const name of await operatorFiles(BUILT_IN)) {
    const module = join(BUILT_IN, `${name}.ts`);
    // Files beside them, such as the builders, export no operator.
    const [operator] = operatorsIn(await import(pathToFileURL(module).href));
    if (operator !== undefined) found.set(name, { operator, module });
  }
  return found;
}

async function operatorFiles(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .filter((name) => OPERATOR_NAME.test(name))
    .sort();
}

async function loadOwn(folder: string, name: string): Promise<CatalogueEntry | string> {
  const module = join(folder, "operators", `${name}.ts`);
  const shown = `operators/${name}.ts`;
  const mistake = await syntaxMistake(module);
  if (mistake !== undefined) return `found ${shown}:${mistake}, wanted TypeScript that parses`;
  try {
    resolveOwnPackage();
    const operators = operatorsIn(await import(pathToFileURL(module).href));
    const [operator] = operators;
    if (operator !== undefined && operators.length === 1) return { operator, module };
    const example = "export const name = map({ value: number(), step: (_, x) => x })";
    return `found ${shown}, which exports ${operators.length} operators, wanted one, as in ${example}`;
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split("\n");
    return `found ${shown}, which does not load: ${reason}; wanted a module that exports an operator`;
  }
}

/** esbuild says where a mistake is, which Node's own loader does not; it is also what bundles the file for the Pi. */
async function syntaxMistake(module: string): Promise<string | undefined> {
  try {
    await transform(await readFile(module, "utf8"), { loader: "ts", logLevel: "silent" });
    return undefined;
  } catch (error) {
    const [first] = (error as Partial<TransformFailure>).errors ?? [];
    if (first === undefined) throw error;
    return `${first.location?.line}:${(first.location?.column ?? 0) + 1}: ${first.text}`;
  }
}

let resolved = false;

/** Lets a pipeline that lives outside of this package import "bramble/operator" all the same. */
function resolveOwnPackage(): void {
  if (resolved) return;
  resolved = true;
  const url = pathToFileURL(join(BUILT_IN, "operator.ts")).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "bramble/operator"
        ? { url, format: "module-typescript", shortCircuit: true }
        : next(specifier, context),
  });
}
