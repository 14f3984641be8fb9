import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { serviceUnit } from "../../../provisioning/components/operator-service.ts";
import { propertiesFile } from "../../../provisioning/components/unit-file.ts";
import { parseProperties, parseUnit } from "./formats.ts";
import { con1, daemon, service } from "./units.ts";

describe("a unit", () => {
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
