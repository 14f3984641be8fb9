import { createHash } from "node:crypto";
import { join } from "node:path";
import { build } from "esbuild";
import type { ServiceSpec } from "./service-spec.ts";

export interface BundleOptions {
  readonly spec: ServiceSpec;
  /** Absolute path of the TypeScript file of each operator that the spec applies, by operator name. */
  readonly operatorModules: Readonly<Record<string, string>>;
  /** Folder of this project: where `bramble/operator` and the dependencies are found, also for operators elsewhere. */
  readonly projectRoot: string;
}

export interface ServiceBundle {
  /** One ES module for Node 24 on any architecture; runs the service when it is started. */
  readonly code: Uint8Array;
  /** SHA-256 of the code in hex: changes when this service's code or spec does, and only then. */
  readonly digest: string;
}

/** kafkajs is CommonJS and asks for Node's own modules by `require`, which an ES module does not have. */
const REQUIRE = 'import{createRequire as requireFrom}from"node:module";const require=requireFrom(import.meta.url);';

export async function bundleService({ spec, operatorModules, projectRoot }: BundleOptions): Promise<ServiceBundle> {
  const { outputFiles } = await build({
    stdin: { contents: entry(spec, operatorModules), resolveDir: projectRoot, loader: "ts" },
    absWorkingDir: projectRoot,
    alias: { "bramble/operator": join(projectRoot, "operators/operator.ts") },
    nodePaths: [join(projectRoot, "node_modules")],
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    banner: { js: REQUIRE },
    // Names stay for stack traces; white space and comments go, and with them the paths of this machine.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "silent",
  });
  const code = (outputFiles[0] as { contents: Uint8Array }).contents;
  return { code, digest: createHash("sha256").update(code).digest("hex") };
}

function entry(spec: ServiceSpec, operatorModules: Readonly<Record<string, string>>): string {
  const names = [...new Set(spec.apply.map(({ operator }) => operator))].sort();
  const modules = names.map((name) => {
    const path = operatorModules[name];
    if (path === undefined) throw new Error(`${spec.name} applies ${name}, but no module of that name was given`);
    return { name, path };
  });
  return [
    'import { runService } from "./runtime/run-service.ts";',
    'import { operatorsIn } from "./operators/operator.ts";',
    ...modules.map(({ path }, i) => `import * as m${i} from ${JSON.stringify(path)};`),
    `const operators = {${modules.map(({ name }, i) => `${JSON.stringify(name)}: operatorsIn(m${i})[0]`).join(", ")}};`,
    `await runService(${JSON.stringify(spec)}, operators, import.meta.dirname);`,
  ].join("\n");
}
