import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";

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
  ["runtime/kafka/planted.ts", "../../provisioning/settings.ts"],
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
] as const;

/** Imports that look much like these and are right. */
const allowed = [
  ["index.ts", "./provisioning/components/cluster.ts"],
  ["operators/planted.ts", "zod"],
  ["declaration/rules/planted.ts", "../../operators/operator.ts"],
  ["declaration/rules/planted.ts", "../diagnostic.ts"],
  ["runtime/planted.ts", "../operators/chain.ts"],
  ["runtime/planted.ts", "./kafka/kafka.ts"],
  ["runtime/kafka/planted.ts", "kafkajs"],
  ["provisioning/resources/planted.ts", "../ssh/command.ts"],
  ["provisioning/ssh/planted.ts", "ssh2"],
  ["provisioning/kafka/planted.ts", "kafkajs"],
  ["lab/command-plugin/planted.ts", "ssh2"],
  ["lab/demo/planted.ts", "../lab.ts"],
  ["status/planted.ts", "../provisioning/kafka/reader.ts"],
  ["cli/planted.ts", "../lab/up.ts"],
  ["cli/planted.ts", "../status/partition-lag.ts"],
] as const;

type Import = readonly [file: string, specifier: string];

/** Plants the imports, one a line of their files, lints them all, and tells which were refused. */
function refused(imports: readonly Import[]): Import[] {
  const files = Map.groupBy(imports, ([file]) => file);
  const folder = mkdtempSync(join(tmpdir(), "bramble-layers-"));
  try {
    copyFileSync(join(root, "biome.layers.json"), join(folder, "biome.json"));
    for (const [file, lines] of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), lines.map(([, specifier]) => `import "${specifier}";\n`).join(""));
    }
    const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
    const options = ["--only=style/noRestrictedImports", "--reporter=json", "--max-diagnostics=none"];
    const { stdout } = spawnSync(process.execPath, [biome, "lint", ...options, "."], { cwd: folder, encoding: "utf8" });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
    return diagnostics.flatMap(({ location: { path, start } }) => {
      const planted = files.get(path)?.[start.line - 1];
      return planted === undefined ? [] : [planted];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Diagnostic {
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

test("an import against the layers is refused", () => {
  expect(refused(forbidden).sort()).toEqual([...forbidden].sort());
});

test("an import along them is not", () => {
  expect(refused(allowed)).toEqual([]);
});
