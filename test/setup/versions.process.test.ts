import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { kafkaSeries } from "../../declaration/kafka-versions.ts";
import { nodeVersion } from "../../provisioning/settings.ts";
import { bash, root } from "./bash.ts";

const read = (file: string) => readFileSync(join(root, file), "utf8");
const { dependencies } = JSON.parse(read("package.json"));
const pulumi: string = dependencies["@pulumi/pulumi"];
const commandPlugin: string = dependencies["@pulumi/command"];

/** What runs: not what tests take as an example, nor what is generated, and without comments. */
function codeWith(version: string): string[] {
  const files = globSync(["**/*.{ts,js,sh,json,xml}", ".node-version", "setup/setup", "Makefile"], {
    cwd: root,
    exclude: ["node_modules", ".build", ".lab", "test", "package-lock.json", "bench/results", "**/*.schema.json"],
  });
  const code = (file: string) => read(file).replaceAll(/^\s*(\/?\*|\/\/|#).*$/gm, "");
  const isWhole = new RegExp(`(?<![\\d.])${version.replaceAll(".", "\\.")}(?![\\d.])`);
  return files.filter((file) => isWhole.test(code(file)));
}

test.each([
  ["Node", nodeVersion, ".node-version"],
  ["the Pulumi CLI, which goes with its package", pulumi, "package.json"],
  ["the command plugin, which goes with its package", commandPlugin, "package.json"],
  ["Kafka with ZooKeeper", kafkaSeries.zookeeper.version, "declaration/kafka-versions.ts"],
  ["Kafka with KRaft", kafkaSeries.kraft.version, "declaration/kafka-versions.ts"],
])("the version of %s stands in one place", (_, version, file) => {
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(codeWith(version)).toEqual([file]);
});

test("set-up brings the versions that the program uses", async () => {
  const pins = await bash('. setup/pins.sh; echo "$node_version $pulumi_version $command_plugin_version"');
  expect(pins.stdout).toBe(`${nodeVersion} ${pulumi} ${commandPlugin}\n`);
  const kafka = (mode: string) => bash(`node declaration/required-kafka.ts ${mode}`);
  expect((await kafka("zookeeper")).stdout).toBe(`${kafkaSeries.zookeeper.version}\n`);
  expect((await kafka("kraft")).stdout).toBe(`${kafkaSeries.kraft.version}\n`);
});

test("where a tool wants a version of its own, it is the same", () => {
  expect(read("setup/pulumi/cli/go.mod")).toContain(`github.com/pulumi/pulumi/pkg/v3 v${pulumi} `);
  const manual = read("pipelines/reference.yaml");
  expect(manual).toMatch(
    new RegExp(
      `Default: ${kafkaSeries.zookeeper.version} with zookeeper .*\\n.*, ${kafkaSeries.kraft.version} with kraft\\n`,
    ),
  );
});
