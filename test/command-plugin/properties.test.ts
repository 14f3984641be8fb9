import type grpc from "@grpc/grpc-js";
import { describe, expect, test } from "@jest/globals";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { check } from "../../lab/command-plugin/check.ts";
import { commandResource } from "../../lab/command-plugin/command-resource.ts";
import { diff } from "../../lab/command-plugin/diff.ts";
import { engineLog } from "../../lab/command-plugin/engine-log.ts";
import { hasSecret, type Properties, reveal, secret, unknownText } from "../../lab/command-plugin/property-values.ts";
import { commandService } from "../../lab/command-plugin/service.ts";

const connection = secret({ host: "10.42.0.250", user: "pi", password: secret("raspberry") });

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

test("a preview knows the inputs and not the output", () => {
  expect(commandResource.preview({ connection, create: "a" })).toMatchObject({ create: "a", stdout: unknownText });
});

test("a type that bramble does not use is refused by its name", async () => {
  const { check } = commandService(engineLog(undefined));
  const urn = "urn:pulumi:rpi::bramble::command:remote:CopyToRemote::files";
  const refusal = new Promise((resolve) =>
    (check as grpc.handleUnaryCall<unknown, unknown>)(
      { request: new providerProto.CheckRequest().setUrn(urn) } as never,
      (error) => resolve(error),
    ),
  );
  await expect(refusal).resolves.toMatchObject({
    details:
      "the offline stand-in for the command plugin has no command:remote:CopyToRemote, only command:remote:Command",
  });
});
