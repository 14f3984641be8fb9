import { describe, expect, test } from "@jest/globals";
import { check } from "../../lab/command-plugin/check.ts";
import { commandResource } from "../../lab/command-plugin/command-resource.ts";
import { copyResource } from "../../lab/command-plugin/copy-resource.ts";
import { diff } from "../../lab/command-plugin/diff.ts";
import { hasSecret, type Properties, reveal, secret, unknownText } from "../../lab/command-plugin/property-values.ts";

const signature = "4dabf18193072939515e22adb298388d";
const connection = secret({ host: "10.42.0.250", user: "pi", password: secret("raspberry") });
const textAsset = (text: string, hash: string) => ({ [signature]: "c44067f5952c0a294b673a41bacd8c17", hash, text });
const archive = (path: string, hash: string) => ({ [signature]: "0def7320c3a5731c473e5ecbe6d01bc7", hash, path });

describe("secrets", () => {
  test("are seen at any depth and unwrapped at every depth", () => {
    expect(hasSecret({ list: [1, { deep: secret("x") }] })).toBe(true);
    expect(hasSecret({ list: [1, { deep: "x" }] })).toBe(false);
    expect(reveal(connection)).toEqual({ host: "10.42.0.250", user: "pi", password: "raspberry" });
  });
});

describe("check of a Command", () => {
  test("fills in the default that the official plugin records too", () => {
    expect(check(commandResource, { connection, create: "true" })).toEqual({
      inputs: { connection, create: "true", addPreviousOutputInEnv: true },
      failures: [],
    });
  });

  test("lists every fault", () => {
    const { failures } = check(commandResource, { create: ["a"], logging: "all", crate: "x" });
    expect(failures).toEqual([
      { property: "crate", reason: "no such input" },
      { property: "connection", reason: "is required" },
      { property: "create", reason: "must be a string, not a list" },
    ]);
    expect(check(commandResource, { connection, logging: "all" }).failures).toEqual([
      { property: "logging", reason: "must be one of stdout, stderr, stdoutAndStderr, none" },
    ]);
  });

  test("lets pass what a preview does not know yet", () => {
    expect(check(commandResource, { connection: secret(unknownText), create: unknownText }).failures).toEqual([]);
  });
});

test("check of a CopyToRemote wants a file, a text or a folder", () => {
  const fits = { connection, remotePath: "/tmp/x" };
  expect(check(copyResource, { ...fits, source: textAsset("", "0") }).failures).toEqual([]);
  expect(check(copyResource, { ...fits, source: archive("./dir", "0") }).failures).toEqual([]);
  expect(check(copyResource, { ...fits, source: { assets: {} } }).failures).toEqual([
    { property: "source", reason: "must be a FileAsset, a StringAsset or a FileArchive" },
  ]);
});

describe("diff of a Command", () => {
  const state = { connection, create: "a", triggers: ["1"], stdout: "out", stderr: "" };
  const cases: [string, Properties, unknown[]][] = [
    ["nothing", { connection, create: "a", triggers: ["1"] }, []],
    ["a secret that is now marked", { connection, create: secret("a"), triggers: ["1"] }, []],
    ["a changed command", { connection, create: "b", triggers: ["1"] }, ["update create"]],
    ["a new delete", { connection, create: "a", delete: "d", triggers: ["1"] }, ["add delete"]],
    ["a changed trigger", { connection, create: "a", triggers: ["2"] }, ["update triggers, replace"]],
    ["no trigger any more", { connection, create: "a" }, ["delete triggers, replace"]],
    ["another host", { connection: secret({ host: "b" }), create: "a", triggers: ["1"] }, ["update connection"]],
  ];
  test.each(cases)("%s", (_, news, wanted) => {
    const changes = diff(commandResource, state, news);
    expect(changes.map(({ kind, property, replace }) => `${kind} ${property}${replace ? ", replace" : ""}`)).toEqual(
      wanted,
    );
  });
});

test("an asset differs by its content, wherever it lies", () => {
  const before = { connection, remotePath: "/x", source: archive("./a", "1") };
  expect(diff(copyResource, before, { ...before, source: archive("/elsewhere/a", "1") })).toEqual([]);
  expect(diff(copyResource, before, { ...before, source: archive("./a", "2") })).toMatchObject([
    { property: "source" },
  ]);
});

test("a preview knows the inputs and not the output", () => {
  expect(commandResource.preview({ connection, create: "a" })).toMatchObject({ create: "a", stdout: unknownText });
});
