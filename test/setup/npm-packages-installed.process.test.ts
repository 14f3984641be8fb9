import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { bash, scratch } from "./bash.ts";

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const wanted = {
  "": { name: "bramble" },
  "node_modules/kafkajs": { integrity: "sha512-a" },
  "node_modules/only-on-a-mac": { integrity: "sha512-b", optional: true },
};

test.each<[string, object | undefined, boolean]>([
  ["what the lock file asks for", { "node_modules/kafkajs": { integrity: "sha512-a" } }, true],
  ["more than it asks for", { "node_modules/kafkajs": { integrity: "sha512-a" }, "node_modules/x": {} }, true],
  ["another version", { "node_modules/kafkajs": { integrity: "sha512-z" } }, false],
  ["not all of it", {}, false],
  ["nothing, or an installation cut short", undefined, false],
])("%s: installed is %o, up to date is %s", async (_, installed, upToDate) => {
  mkdirSync(join(room.folder, "node_modules"));
  writeFileSync(join(room.folder, "package-lock.json"), JSON.stringify({ packages: wanted }));
  if (installed)
    writeFileSync(join(room.folder, "node_modules/.package-lock.json"), JSON.stringify({ packages: installed }));
  expect((await bash(`node setup/npm-packages-installed.js ${room.folder}`)).status === 0).toBe(upToDate);
});
