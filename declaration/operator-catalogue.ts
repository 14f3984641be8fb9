import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Operator, operatorsIn } from "../operators/operator.ts";
import { OPERATOR_NAME } from "./names.ts";
import { BUILT_IN, loadOperator, OperatorModuleError } from "./operator-module.ts";

/** An operator with the absolute path of the file that exports it. */
export interface CatalogueEntry {
  readonly operator: Operator;
  readonly module: string;
}

/** The operators that a pipeline file can name: the built-in ones, and those in the folder `operators/` beside it. */
export interface Catalogue {
  readonly names: readonly string[];
  /** The operator, what is wrong with its file, or undefined when there is none of that name. */
  find(name: string): Promise<CatalogueEntry | string | undefined>;
  /** Absolute paths of the user's modules that were asked for so far and load. */
  loaded(): readonly string[];
}

/** `folder` is that of the pipeline file. A user's module is loaded only once it is asked for. */
export async function openCatalogue(folder: string): Promise<Catalogue> {
  const ownFolder = join(folder, "operators");
  const [builtIn, own] = await Promise.all([builtInOperators(), operatorFiles(ownFolder)]);
  const loaded = new Set<string>();
  return {
    loaded: () => [...loaded].sort(),
    names: [...new Set([...builtIn.keys(), ...own])].sort(),
    find: async (name) => {
      if (!own.includes(name)) return builtIn.get(name);
      if (builtIn.has(name)) {
        return `operators/${name}.ts has the name of a built-in operator; rename yours`;
      }
      const entry = await loadOwn(join(ownFolder, `${name}.ts`));
      if (typeof entry !== "string") loaded.add(entry.module);
      return entry;
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

async function loadOwn(module: string): Promise<CatalogueEntry | string> {
  try {
    return { operator: await loadOperator(module), module };
  } catch (error) {
    if (error instanceof OperatorModuleError) return error.message;
    throw error;
  }
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
