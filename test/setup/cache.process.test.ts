import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../../testing/eventually.ts";
import { bash, fakeCommand, scratch } from "./bash.ts";

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const inCache = (script: string, env?: Record<string, string>) =>
  bash(`set -eu; cache=${room.folder}; . setup/cache.sh; ${script}`, env);

describe("a version on PATH fits", () => {
  test.each([
    ["3.259.0", "3.259.0", true],
    ["3.260.1", "3.259.0", true],
    ["3.99.0", "3.259.0", false],
    ["4.0.0", "3.259.0", false],
    ["2.300.0", "3.259.0", false],
    ["", "3.259.0", false],
    ["1.26.8", "1.26", true],
    ["1.19", "1.26", false],
  ])("found %s, wanted %s: %s", async (found, wanted, fits) => {
    expect((await inCache(`at_least "${found}" "${wanted}"`)).status === 0).toBe(fits);
  });
});

test("what an interrupted set-up left is gone before the next begins, what it finished stays", async () => {
  mkdirSync(join(room.folder, "new/pulumi"), { recursive: true });
  mkdirSync(join(room.folder, "kafka"));
  writeFileSync(join(room.folder, "new/pulumi/half"), "");
  writeFileSync(join(room.folder, "kafka/whole.tgz"), "");
  expect((await inCache("open_cache")).status).toBe(0);
  expect(existsSync(join(room.folder, "new/pulumi"))).toBe(false);
  expect(existsSync(join(room.folder, "kafka/whole.tgz"))).toBe(true);
});

test("publishing replaces a folder as a whole", async () => {
  await inCache(`mkdir -p $new/tool $cache/tool; echo old >$cache/tool/old; echo new >$new/tool/new
    publish $new/tool $cache/tool`);
  expect(existsSync(join(room.folder, "tool/old"))).toBe(false);
  expect(readFileSync(join(room.folder, "tool/new"), "utf8")).toBe("new\n");
});

test("a link is replaced, and one to a program that is gone does not count", async () => {
  fakeCommand(room.folder, "one", "echo 1");
  fakeCommand(room.folder, "two", "echo 2");
  const { status, stdout } = await inCache(`open_cache
    link $cache/one tool; link $cache/two tool; tool
    linked $cache/two tool; ! linked $cache/one tool; rm $cache/two; ! linked $cache/two tool`);
  expect({ status, stdout }).toEqual({ status: 0, stdout: "2\n" });
});

test.each(["first", "later"])("what set-up linked itself is not the machine's own, on the %s run", async (run) => {
  const bin = `${room.folder}/bin`;
  if (run === "later") mkdirSync(bin);
  const { stdout } = await inCache("echo $users_path", { PATH: `${bin}:${bin}:/usr/bin:${bin}/:${bin}/../bin:/bin` });
  expect(stdout).toBe("/usr/bin:/bin\n");
});

test("a second set-up waits for the first", async () => {
  const hold = "until [ -e $cache/go ]; do sleep 0.05; done";
  const first = inCache(`open_cache; touch $cache/begun; ${hold}; echo first done >>$cache/order`);
  const has = (name: string, text: string) => () => {
    const path = join(room.folder, name);
    return existsSync(path) && readFileSync(path, "utf8").includes(text);
  };
  await eventually(has("begun", ""), () => "the first does not begin");
  const second = inCache("open_cache >$cache/said; echo second >>$cache/order");
  await eventually(has("said", "waiting for it"), () => "the second does not wait");
  writeFileSync(join(room.folder, "go"), "");
  await Promise.all([first, second]);
  expect(readFileSync(join(room.folder, "order"), "utf8")).toBe("first done\nsecond\n");
});
