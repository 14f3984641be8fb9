import { createHash } from "node:crypto";
import { join } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import type { ServiceSpec } from "./service-spec.ts";

export interface BundleOptions {
  readonly spec: ServiceSpec;
  /** Absolute path of the TypeScript file of each operator that the spec applies, by operator name. */
  readonly operatorModules: Readonly<Record<string, string>>;
  /** Folder of this project: where `bramble/operator` and the dependencies are found, also for operators elsewhere. */
  readonly projectRoot: string;
  /** What is run; the service itself when it is absent. */
  readonly program?: Program;
}

/** A function that is given a spec, its operators, and the folder of the bundle. */
export interface Program {
  /** Path of its module below the project's folder. */
  readonly module: string;
  readonly name: string;
}

const SERVICE: Program = { module: "runtime/run-service.ts", name: "runService" };

export interface ServiceBundle {
  /** One ES module for Node 24 on any architecture; runs the service when it is started. */
  readonly code: Uint8Array;
  /** SHA-256 of the code in hex: changes when this service's code or spec does, and only then. */
  readonly digest: string;
}

export async function bundleService(options: BundleOptions): Promise<ServiceBundle> {
  const { spec, operatorModules, projectRoot, program = SERVICE } = options;
  const library = await libraryOf(projectRoot, program);
  const code = await bundled(projectRoot, entry(spec, operatorModules), {
    format: "esm",
    banner: { js: library },
    plugins: [inPlaceOf(join(projectRoot, "operators/operator.ts"))],
  });
  return { code, digest: createHash("sha256").update(code).digest("hex") };
}

const libraries = new Map<string, Promise<string>>();

/**
 * What all services share, bundled once in a process: nearly all of the work, so that each service adds little. It stands
 * before a service's own code as the value of one variable. Node's modules are asked for by `require`, which an ES module
 * does not have.
 */
function libraryOf(projectRoot: string, { module, name }: Program): Promise<string> {
  const path = `${projectRoot}/${module}`;
  const known = libraries.get(path);
  if (known) return known;
  const contents = `export * from "./operators/operator.ts"; export { ${name} as runProgram } from "./${module}";`;
  const library = bundled(projectRoot, contents, {
    format: "iife",
    globalName: "library",
  }).then(
    (code) =>
      'import{createRequire as $createRequire}from"node:module";const require=$createRequire(import.meta.url);' +
      `const $library=(()=>{${Buffer.from(code).toString()}return library})();`,
  );
  libraries.set(path, library);
  return library;
}

async function bundled(projectRoot: string, contents: string, options: BuildOptions): Promise<Uint8Array> {
  const result = await build({
    stdin: { contents, resolveDir: projectRoot, loader: "ts" },
    absWorkingDir: projectRoot,
    nodePaths: [join(projectRoot, "node_modules")],
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    // Names stay for stack traces; white space and comments go, and with them the paths of this machine.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "silent",
    ...options,
  });
  const [output] = result.outputFiles ?? [];
  if (!output) throw new Error("esbuild gave no output");
  return output.contents;
}

/** Whoever imports the operators' vocabulary, by its name or by its path, gets the library's. */
function inPlaceOf(vocabulary: string): Plugin {
  const library = { path: "library", namespace: "library" };
  return {
    name: "library",
    setup: (esbuild) => {
      esbuild.onResolve({ filter: /^bramble\/(operator|library)$/ }, () => library);
      esbuild.onResolve({ filter: /\/operator\.ts$/ }, ({ path, resolveDir }) =>
        join(resolveDir, path) === vocabulary ? library : undefined,
      );
      esbuild.onLoad({ filter: /.*/, namespace: "library" }, () => ({ contents: "module.exports = $library;" }));
    },
  };
}

function entry(spec: ServiceSpec, operatorModules: Readonly<Record<string, string>>): string {
  const filters = spec.output.kind === "branches" ? spec.output.branches.flatMap(({ when }) => when ?? []) : [];
  const names = [...new Set([...spec.apply, ...filters].map(({ operator }) => operator))].sort();
  const modules = names.map((name) => {
    const path = operatorModules[name];
    if (path === undefined) throw new Error(`${spec.name} applies ${name}, but no module of that name was given`);
    return { name, path };
  });
  return [
    'import { operatorsIn, runProgram } from "bramble/library";',
    ...modules.map(({ path }, i) => `import * as m${i} from ${JSON.stringify(path)};`),
    `const operators = {${modules.map(({ name }, i) => `${JSON.stringify(name)}: operatorsIn(m${i})[0]`).join(", ")}};`,
    `await runProgram(${JSON.stringify(spec)}, operators, import.meta.dirname);`,
  ].join("\n");
}
