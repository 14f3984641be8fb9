import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
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
