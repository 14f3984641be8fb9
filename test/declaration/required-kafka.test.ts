import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kafkaSeries } from "../../declaration/kafka-versions.ts";
import { requiredKafka } from "../../declaration/required-kafka.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bramble-wanted-"));
  writeFileSync(join(folder, "Pulumi.rpi.yaml"), "config:\n  bramble:pipeline: mine.yaml\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["a file without a word on it", "", "3.9.2"],
  ["kraft", ", kraft: {}", "4.3.1"],
  ["a version of its own", ", kafka: { version: 3.8.0 }", "3.8.0"],
  ["a file with a mistake", ", kafka: { version: 4.3.1 }", "3.9.2"],
])("set-up brings what the stack's pipeline file wants: %s", async (_, line, version) => {
  writeFileSync(join(folder, "mine.yaml"), `cluster: { hosts: { rpi0: 10.42.0.250 }${line} }\n`);
  expect(await requiredKafka(join(folder, "Pulumi.rpi.yaml"))).toBe(version);
});

test("without a configuration it brings the default", async () => {
  expect(await requiredKafka(join(folder, "nowhere.yaml"))).toBe("3.9.2");
});

test.each(["zookeeper", "kraft"] as const)("set-up can ask for that of a mode: %s", (mode) => {
  const printed = execFileSync(process.execPath, ["declaration/required-kafka.ts", mode], { encoding: "utf8" });
  expect(printed).toBe(`${kafkaSeries[mode].version}\n`);
});
