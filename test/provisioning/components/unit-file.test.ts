import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { serviceUnit } from "../../../provisioning/components/operator-service.ts";
import { checksums, daemonUnit, propertiesFile } from "../../../provisioning/components/unit-file.ts";
import { parseProperties, parseUnit } from "./formats.ts";

jest.setTimeout(60_000);

const daemon = daemonUnit({
  description: "Apache Kafka broker",
  after: ["zookeeper.service"],
  folder: "kafka",
  environment: { KAFKA_HEAP_OPTS: "-Xms256m -Xmx256m" },
  execStartPre: "/bin/sh -c 'echo 1 > /var/lib/kafka/myid'",
  execStart: "/bin/true /opt/kafka/config/server.properties",
});
const con1 = {
  description: "kafka_chaining: con1",
  node: process.execPath,
  releasePath: "/opt/bramble/releases/con1/0123456789abcdef",
  replica: 1,
};
const service = serviceUnit({ ...con1, cache: "bramble-con1" });

describe("a unit", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bramble-units-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function verify(text: string) {
    const file = join(folder, "x.service");
    writeFileSync(file, text);
    return spawnSync("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", file], { encoding: "utf8" });
  }

  test.each([
    ["of a daemon", daemon],
    ["of an operator service", service],
  ])("%s is one that systemd reads without a complaint", (_, text) => {
    expect(verify(text)).toMatchObject({ status: 0, stderr: "" });
    expect(verify(text.replace("Restart=always", "Restart=sometimes")).stderr).toMatch(/Failed to parse/);
  });

  test("of a daemon comes back by itself, and keeps what it has outside of /tmp", () => {
    const { Unit, Service, Install } = parseUnit(daemon);
    expect(Unit).toMatchObject({ After: ["network-online.target zookeeper.service"], StartLimitIntervalSec: ["0"] });
    expect(Service).toMatchObject({
      User: ["kafka"],
      StateDirectory: ["kafka"],
      LogsDirectory: ["kafka"],
      Environment: ['"KAFKA_HEAP_OPTS=-Xms256m -Xmx256m"', '"LOG_DIR=/var/log/kafka"'],
      Restart: ["always"],
      SuccessExitStatus: ["143"],
    });
    expect(Install).toEqual({ WantedBy: ["multi-user.target"] });
  });

  test("of an operator service is ready when it says so, watched, and has no rights to speak of", () => {
    const { Service } = parseUnit(service);
    expect(Service).toMatchObject({
      Type: ["notify"],
      NotifyAccess: ["all"],
      Restart: ["always"],
      LogRateLimitIntervalSec: ["1s"],
      LogRateLimitBurst: ["100000000"],
      DynamicUser: ["yes"],
      ProtectSystem: ["strict"],
      CapabilityBoundingSet: [""],
      SystemCallFilter: ["@system-service", "~@privileged @resources"],
    });
    expect(Service?.WatchdogSec).toHaveLength(1);
    expect(Service?.CacheDirectory).toEqual(["bramble-con1"]);
    expect(parseUnit(serviceUnit(con1)).Service).not.toHaveProperty("CacheDirectory");
    expect(Service).not.toHaveProperty("StateDirectory");
    expect(parseUnit(serviceUnit({ ...con1, files: "bramble-con1" })).Service?.StateDirectory).toEqual([
      "bramble-con1",
    ]);
    expect(Service?.ProtectHome).toEqual(["yes"]);
    expect(parseUnit(serviceUnit({ ...con1, seesHome: true })).Service?.ProtectHome).toEqual(["read-only"]);
    // Node compiles at run time.
    expect(Service).not.toHaveProperty("MemoryDenyWriteExecute");
  });
});

describe("a properties file", () => {
  test("is plain where the values are", () => {
    expect(propertiesFile({ "advertised.listeners": "PLAINTEXT://10.42.0.250:9092", "a b": " \\x\ny" })).toBe(
      "# Managed by bramble: a change made here is undone by the next `pulumi up`.\n" +
        "advertised.listeners=PLAINTEXT://10.42.0.250:9092\na\\ b=\\ \\\\x\\u000ay\n",
    );
  });

  test("gives back whatever was put into it: no value can smuggle in another setting", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("a\nlog.dirs=/tmp", "\\", " x ", "#", "ü€😀"),
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          text.filter((key) => key !== ""),
          text,
          { noNullPrototype: true },
        ),
        (properties) => {
          expect(parseProperties(propertiesFile(properties))).toEqual(properties);
        },
      ),
      { numRuns: 50 },
    );
  });
});

test("checksums are those of sha256sum", () => {
  const [sum] = execFileSync("sha256sum", { input: "grün\n", encoding: "utf8" }).split(" ");
  expect(checksums({ "/etc/a": "grün\n" })).toEqual({ "/etc/a": sum });
});
