import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, matchesGlob } from "node:path";
import { expect, test } from "@jest/globals";
import ts from "typescript";

const root = join(import.meta.dirname, "..");

/** Imports that go against the layers. */
const forbidden = [
  ["index.ts", "./provisioning/ssh/connection.ts"],
  ["index.ts", "./provisioning/resources/unit.ts"],
  ["index.ts", "./lab/up.ts"],
  ["operators/planted.ts", "../declaration/pipeline.ts"],
  ["operators/planted.ts", "kafkajs"],
  ["declaration/planted.ts", "../runtime/bundle.ts"],
  ["declaration/rules/planted.ts", "../../provisioning/settings.ts"],
  ["runtime/planted.ts", "../declaration/pipeline.ts"],
  ["runtime/planted.ts", "kafkajs"],
  ["kafka/planted.ts", "../runtime/service.ts"],
  ["kafka/planted.ts", "kafkajs"],
  ["kafka/protocol/planted.ts", "../cluster.ts"],
  ["provisioning/planted.ts", "./components/host.ts"],
  ["provisioning/planted.ts", "../lab/up.ts"],
  ["provisioning/components/planted.ts", "../ssh/connection.ts"],
  ["provisioning/components/planted.ts", "../../runtime/bundle.ts"],
  ["provisioning/provider/planted.ts", "../components/host.ts"],
  ["provisioning/provider/planted.ts", "kafkajs"],
  ["provisioning/resources/planted.ts", "../provider/diff.ts"],
  ["provisioning/resources/planted.ts", "ssh2"],
  ["provisioning/impact/planted.ts", "../resources/unit.ts"],
  ["provisioning/kafka/planted.ts", "../components/broker.ts"],
  ["provisioning/ssh/planted.ts", "../resources/unit.ts"],
  ["lab/planted.ts", "../provisioning/ssh/connection.ts"],
  ["lab/command-plugin/planted.ts", "../lab.ts"],
  ["cli/planted.ts", "../provisioning/components/host.ts"],
  ["cli/planted.ts", "ssh2"],
  ["status/planted.ts", "../cli/columns.ts"],
  ["status/planted.ts", "kafkajs"],
  ["setup/planted.ts", "../lab/lab.ts"],
  ["testing/planted.ts", "../test/replay/declared.ts"],
  ["testing/planted.ts", "../bench/flatness.ts"],
  ["bench/planted.ts", "../test/replay/declared.ts"],
  ["bench/runtime/planted.ts", "../../test/replay/declared.ts"],
] as const;

/** Imports that look much like these and are right. */
const allowed = [
  ["index.ts", "./provisioning/components/cluster.ts"],
  ["operators/planted.ts", "zod"],
  ["declaration/rules/planted.ts", "../../operators/operator.ts"],
  ["declaration/rules/planted.ts", "../diagnostic.ts"],
  ["runtime/planted.ts", "../operators/chain.ts"],
  ["runtime/planted.ts", "../kafka/kafka.ts"],
  ["kafka/planted.ts", "./protocol/messages.ts"],
  ["provisioning/resources/planted.ts", "../ssh/command.ts"],
  ["provisioning/ssh/planted.ts", "ssh2"],
  ["provisioning/kafka/planted.ts", "kafkajs"],
  ["lab/command-plugin/planted.ts", "ssh2"],
  ["lab/demo/planted.ts", "../lab.ts"],
  ["status/planted.ts", "../provisioning/kafka/reader.ts"],
  ["testing/planted.ts", "../runtime/bundle.ts"],
  ["testing/planted.ts", "kafkajs"],
  ["bench/planted.ts", "../testing/kafka-broker.ts"],
  ["bench/runtime/planted.ts", "../../testing/kafka-broker.ts"],
  ["cli/planted.ts", "../lab/up.ts"],
  ["cli/planted.ts", "../status/partition-lag.ts"],
] as const;

/** Files that import each other round about, in three ways; the last of them stands outside. */
const circular = {
  "one.ts": 'import type { Two } from "./room/two.ts";',
  "room/two.ts": 'export { three } from "../three.ts";\nimport { apart } from "../apart.ts";',
  "three.ts": 'const one = () => import("./one.ts");',
  "apart.ts": 'import { readFileSync } from "node:fs"; // and not "./one.ts"',
};

type Import = readonly [file: string, specifier: string];

/** Makes the files in a folder of their own, which is gone when `work` is done. */
function planted<T>(files: Readonly<Record<string, string>>, work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "bramble-layers-"));
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Diagnostic {
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

/** What the layer rules refuse in a folder. */
function layerFaults(folder: string): Diagnostic[] {
  const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  const options = ["--only=style/noRestrictedImports", "--reporter=json", "--max-diagnostics=none"];
  const { stdout } = spawnSync(process.execPath, [biome, "lint", ...options, "."], { cwd: folder, encoding: "utf8" });
  return (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
}

/** Plants the imports, one a line of their files, lints them all, and tells which were refused. */
function refused(imports: readonly Import[]): Import[] {
  const files = Map.groupBy(imports, ([file]) => file);
  const texts = [...files].map(([file, lines]) => [
    file,
    lines.map(([, specifier]) => `import "${specifier}";\n`).join(""),
  ]);
  return planted(Object.fromEntries(texts), (folder) => {
    copyFileSync(join(root, "biome.layers.json"), join(folder, "biome.json"));
    return layerFaults(folder).flatMap(({ location: { path, start } }) => {
      const refusedImport = files.get(path)?.[start.line - 1];
      return refusedImport === undefined ? [] : [refusedImport];
    });
  });
}

function typescriptIn(folder: string): string[] {
  return globSync("**/*.ts", { cwd: folder, exclude: ["node_modules", ".build", ".lab"] }).sort();
}

/** Ways on which a file comes to import itself, as "a.ts -> b.ts -> a.ts"; one at least of each knot. Types count too. */
function importCycles(folder: string): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    if (way.includes(file)) cycles.push([...way.slice(way.indexOf(file)), file].join(" -> "));
    if (way.includes(file) || done.has(file)) return;
    for (const imported of importsOf(folder, file)) visit(imported, [...way, file]);
    done.add(file);
  };
  for (const file of typescriptIn(folder)) visit(file, []);
  return cycles;
}

function importsOf(folder: string, file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(folder, file), "utf8"));
  const relative = importedFiles.filter(({ fileName }) => fileName.startsWith("."));
  const files = relative.map(({ fileName }) => join(dirname(file), fileName));
  return files.filter((imported) => imported.endsWith(".ts") && existsSync(join(folder, imported)));
}

test("an import against the layers is refused", () => {
  expect(refused(forbidden).sort()).toEqual([...forbidden].sort());
});

test("an import along them is not", () => {
  expect(refused(allowed)).toEqual([]);
});

test("the tree keeps to the layers, and each of its rooms has a rule", () => {
  expect(layerFaults(root).map(({ location: { path, start } }) => `${path}:${start.line}`)).toEqual([]);
  const { overrides } = JSON.parse(readFileSync(join(root, "biome.layers.json"), "utf8")) as {
    overrides: { includes: string[] }[];
  };
  const ruled = overrides.flatMap(({ includes }) => includes);
  // Tests look at all rooms; operators of a pipeline's own import the package, as a user's do.
  const free = ["test/**", "pipelines/operators/**"];
  const files = typescriptIn(root);
  expect(files).toContain("provisioning/ssh/connection.ts");
  expect(files.filter((file) => ![...ruled, ...free].some((glob) => matchesGlob(file, glob)))).toEqual([]);
});

test("a cycle of imports is found, also of types and of what is imported late", () => {
  expect(planted(circular, importCycles)).toEqual(["one.ts -> room/two.ts -> three.ts -> one.ts"]);
});

test("the tree has no cycle of imports", () => {
  expect(importCycles(root)).toEqual([]);
});
