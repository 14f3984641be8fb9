import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { loadPipeline } from "../../../declaration/load-pipeline.ts";
import type * as declaration from "../../../declaration/pipeline.ts";
import { Cluster } from "../../../provisioning/components/cluster.ts";
import { Pipeline } from "../../../provisioning/components/pipeline.ts";
import { checksums } from "../../../provisioning/components/unit-file.ts";
import { parseProperties, parseUnit } from "./formats.ts";
import { type Registered, registered } from "./registered.ts";

jest.setTimeout(60_000);

const hosts = ["rpi0", "rpi1", "rpi2", "rpi3"];
let pipeline: declaration.Pipeline;
let resources: Map<string, Registered>;

function program(keepData: boolean, of = pipeline): void {
  const password = pulumi.secret("raspberry-secret");
  const cluster = new Cluster(
    "cluster",
    {
      cluster: of.cluster,
      connection: ({ address }) => ({ host: address, user: "pi", password, hostKey: `key of ${address}` }),
      kafkaArchive: "/cache/kafka.tgz",
      keepData,
      clusterId: "the-id-of-the-cluster",
    },
    {},
  );
  const files = { "service.mjs": "5".repeat(64) };
  const releases = new Map(
    of.services.map(({ name }) => [name, { digest: `digest-of-${name}`, files, sources: { "service.mjs": name } }]),
  );
  const nodeArchives = { aarch64: "/cache/node-arm64.tgz", x86_64: "/cache/node-x64.tgz" };
  const node = { nodeArchives, nodeVersion: "24.21.0" };
  const allowDataLoss = ["temperatures_ewma"];
  new Pipeline(of.name, { pipeline: of, cluster, releases, ...node, allowDataLoss }, {});
}

beforeAll(async () => {
  pipeline = await loadPipeline("pipelines/kafka_chaining.yaml");
  resources = await registered(() => program(false));
});

function resource(name: string): Registered {
  const found = resources.get(name);
  if (found === undefined) throw new Error(`${name}: not registered`);
  return found;
}

const ofType = (type: string) => [...resources.values()].filter((one) => one.type === type);

/** Everything that must be done before it. */
function awaited(name: string): Set<string> {
  const { dependsOn, parent } = resource(name);
  const direct = [...dependsOn, ...(parent === undefined ? [] : [parent])];
  return new Set(direct.flatMap((one) => [one, ...awaited(one)]));
}

test("each replica has a unit, each host one release, and the first of each the name that one alone would have", async () => {
  const three = { on: ["rpi1", "rpi2", "rpi1"] };
  const services = pipeline.services.map((service) => (service.name === "con2" ? { ...service, ...three } : service));
  const scaled = await registered(() => program(false, { ...pipeline, services }));
  const own = (type: string) =>
    [...scaled.values()]
      .filter((one) => one.type === type && /^con2[-@]/.test(one.name))
      .map(({ name, inputs }) => [name, inputs.host, inputs.name ?? inputs.path]);
  expect(own("bramble:systemd:Unit")).toEqual([
    ["con2-unit", "rpi1", "bramble-con2.service"],
    ["con2@2-unit", "rpi2", "bramble-con2@2.service"],
    ["con2@3-unit", "rpi1", "bramble-con2@3.service"],
  ]);
  expect(own("bramble:host:Release")).toEqual([
    ["con2-release", "rpi1", "/opt/bramble/releases/con2/digest-of-con2"],
    ["con2@rpi2-release", "rpi2", "/opt/bramble/releases/con2/digest-of-con2"],
  ]);
  expect(scaled.get("con2@3-unit")?.dependsOn).toEqual(expect.arrayContaining(["con2-release", "rpi1-node"]));
  expect(scaled.get("con2@2-unit")?.dependsOn).toEqual(expect.arrayContaining(["con2@rpi2-release", "rpi2-node"]));
  const unit = (name: string) => parseUnit(String(scaled.get(name)?.inputs.content)).Service;
  expect(unit("con2-unit")).toEqual(parseUnit(String(resource("con2-unit").inputs.content)).Service);
  // What tells them apart to Kafka, and to the disk of a host that has two.
  expect(unit("con2@3-unit")?.ExecStart?.[0]).toMatch(/service\.mjs 3$/);
  expect([unit("con2-unit"), unit("con2@3-unit")].map((each) => each?.CacheDirectory)).toEqual([
    ["bramble-con2"],
    ["bramble-con2@3"],
  ]);
  expect(
    Object.keys(scaled.get("declared-services")?.inputs.units ?? {}).filter((name) => name.includes("con2")),
  ).toEqual(["bramble-con2.service", "bramble-con2@2.service", "bramble-con2@3.service"]);
});

describe("what comes before what", () => {
  test("no host is touched before all have been found fit", () => {
    const machines = hosts.map((host) => `${host}-machine`);
    const touching = [...resources.values()].filter(
      ({ type }) => /^(command|bramble:(host|systemd|kafka)):/.test(type) && type !== "bramble:host:Machine",
    );
    expect(touching.length).toBeGreaterThan(40);
    for (const { name } of touching) expect([...awaited(name)]).toEqual(expect.arrayContaining(machines));
  });

  test("ZooKeeper before Kafka, Kafka before topics, topics before the services that touch them", () => {
    for (const host of hosts) {
      expect([...awaited(`${host}-zookeeper-unit`)]).toEqual(
        expect.arrayContaining([`${host}-kafka`, `${host}-data`, `${host}-zookeeper-config`]),
      );
      expect([...awaited(`${host}-broker-unit`)]).toEqual(
        expect.arrayContaining([`${host}-broker-config`, ...hosts.map((one) => `${one}-zookeeper-unit`)]),
      );
    }
    for (const { name } of ofType("bramble:kafka:Topic")) {
      expect([...awaited(name)]).toEqual(expect.arrayContaining(hosts.map((host) => `${host}-broker-unit`)));
    }
    const topics = (service: string) =>
      resource(`${service}-unit`).dependsOn.filter((name) => resource(name).type === "bramble:kafka:Topic");
    expect(topics("con2")).toEqual([
      "kafka_chaining-con2-changelog",
      "kafka_chaining-con2-dead-letters",
      "temperatures_above_threshold",
      "temperatures_ewma",
    ]);
    expect(topics("out_ewma")).toEqual(["kafka_chaining-out_ewma-dead-letters", "temperatures_ewma"]);
    expect(topics("pro")).toEqual(["kafka_chaining-pro-changelog", "temperatures_fahrenheit"]);
  });

  test("no daemon restarts for another Kafka before it is on every host", () => {
    const archives = hosts.map((host) => `${host}-kafka`);
    for (const daemon of hosts.flatMap((host) => [`${host}-zookeeper`, `${host}-broker`])) {
      expect([...awaited(`${daemon}-unit`)]).toEqual(expect.arrayContaining(archives));
    }
  });

  test("a service waits until those that left the pipeline are stopped, and hosts until a broker may leave", () => {
    for (const { name } of pipeline.services) {
      expect([...awaited(`${name}-unit`)]).toContain("declared-services");
    }
    for (const host of hosts) expect([...awaited(`${host}-kafka`)]).toContain("cluster-brokers");
  });

  test("a service starts with its own release and the Node of its host", () => {
    for (const { name, on } of pipeline.services) {
      expect([...awaited(`${name}-unit`)]).toEqual(expect.arrayContaining([`${name}-release`, `${on}-node`]));
    }
  });
});

describe("hosts", () => {
  test("each has one broker and one ZooKeeper, whose units restart when their settings do", () => {
    for (const [i, host] of hosts.entries()) {
      const address = `10.42.0.25${i}`;
      for (const [daemon, port, unit] of [
        ["zookeeper", 2181, "zookeeper.service"],
        ["broker", 9092, "kafka.service"],
      ] as const) {
        const config = resource(`${host}-${daemon}-config`).inputs;
        const { inputs } = resource(`${host}-${daemon}-unit`);
        expect(inputs).toMatchObject({ host, address, name: unit, readyPort: port, rolls: unit.split(".")[0] });
        expect(inputs).toMatchObject({ enabled: "enabled", active: "active", running: "current", dropIns: [] });
        expect(inputs.reads).toEqual(checksums({ [config.path]: config.content }));
        const start = parseUnit(inputs.content).Service?.ExecStart?.[0];
        expect(start).toMatch(new RegExp(`^/opt/kafka/bin/[a-z-]+\\.sh ${config.path.replaceAll(".", "\\.")}$`));
        expect(resource(`${host}-machine`).inputs.ports[port]).toBe(unit);
      }
      const servers = parseProperties(resource(`${host}-zookeeper-config`).inputs.content);
      const [myId] = /echo \d+/.exec(resource(`${host}-zookeeper-unit`).inputs.content) ?? [];
      expect(servers[`server.${myId?.slice(5)}`]).toMatch(new RegExp(`^${address.replaceAll(".", "\\.")}:`));
    }
  });

  test("Kafka's folder keeps its settings and logs across versions", () => {
    expect(resource("rpi0-kafka").inputs).toMatchObject({
      path: "/opt/kafka",
      version: `kafka ${pipeline.cluster.kafka.version}`,
      keep: ["config", "logs"],
      scratch: ["logs"],
      archive: "/cache/kafka.tgz",
    });
  });

  test("Node is put where a service runs, for the host's architecture", () => {
    const nodes = ofType("bramble:host:Archive").filter(({ name }) => name.endsWith("-node"));
    expect(nodes.map(({ inputs }) => inputs.host).sort()).toEqual(
      [...new Set(pipeline.services.flatMap(({ on }) => on))].sort(),
    );
    for (const { inputs } of nodes)
      expect(inputs).toMatchObject({ archive: "/cache/node-arm64.tgz", marker: "bin/node" });
  });

  test("Kafka's and ZooKeeper's data go together, or stay together", async () => {
    const { inputs } = resource("rpi0-data");
    for (const folder of ["/var/lib/zookeeper", "/var/lib/kafka"]) expect(inputs.delete).toContain(folder);
    const kept = await registered(() => program(true));
    expect(kept.get("rpi0-data")?.inputs.delete).toBe("true");
  });

  test("a step by ssh trusts the pinned key alone", () => {
    for (const { inputs } of ofType("command:remote:Command")) {
      expect(JSON.stringify(inputs.connection)).toContain("key of 10.42.0.25");
    }
  });
});

describe("services", () => {
  test("run where the pipeline says", () => {
    const placed = pipeline.services.map(({ name }) => [name, resource(`${name}-unit`).inputs.host]);
    expect(Object.fromEntries(placed)).toEqual({
      pro: "rpi0",
      con1: "rpi1",
      con2: "rpi2",
      out_ewma: "rpi2",
      con3: "rpi3",
      out_avg: "rpi3",
    });
  });

  test("run their own release, and restart when it is damaged", () => {
    const path = "/opt/bramble/releases/con1/digest-of-con1";
    expect(resource("con1-release").inputs).toMatchObject({
      host: "rpi1",
      service: "con1",
      path,
      sources: { "service.mjs": "con1" },
    });
    const { inputs } = resource("con1-unit");
    expect(inputs).toMatchObject({ name: "bramble-con1.service", rolls: "freely", readyPort: 0 });
    expect(inputs.reads).toEqual({ [`${path}/service.mjs`]: "5".repeat(64) });
    const { Service, Unit } = parseUnit(inputs.content);
    expect(Service?.ExecStart).toEqual([
      `/opt/bramble/node-24.21.0/bin/node --max-semi-space-size=4 ${path}/service.mjs`,
    ]);
    expect(Unit?.Description).toEqual(["bramble kafka_chaining: con1"]);
  });
});

describe("topics", () => {
  test("are those of the pipeline, with leave to lose what the user named", () => {
    const topics = ofType("bramble:kafka:Topic").map(({ inputs }) => inputs);
    expect(topics.map(({ name }) => name).sort()).toEqual(pipeline.topics.map(({ name }) => name).sort());
    expect(topics.filter(({ allowDataLoss }) => allowDataLoss).map(({ name }) => name)).toEqual(["temperatures_ewma"]);
  });

  test("whose records somebody may miss are on the guarded list", () => {
    const [list] = ofType("bramble:kafka:DeclaredTopics");
    expect(list?.inputs.names).toContain("temperatures_ewma");
    expect(list?.inputs.names).toContain("kafka_chaining-con1-dead-letters");
    expect(list?.inputs.names.filter((name: string) => name.endsWith("-changelog"))).toEqual([]);
  });
});

describe("KRaft in place of ZooKeeper", () => {
  let kraft: Map<string, Registered>;
  const inputs = (name: string) => kraft.get(name)?.inputs;
  beforeAll(async () => {
    const { cluster } = pipeline;
    const metadata = { mode: "kraft", heap: "96m", controllers: ["rpi0", "rpi1", "rpi2"] } as const;
    const kafka = { ...cluster.kafka, version: "4.3.1", brokers: ["rpi1", "rpi2", "rpi3"] };
    pipeline = { ...pipeline, cluster: { ...cluster, kafka, metadata } };
    kraft = await registered(() => program(false));
  });

  test("there is no ZooKeeper, and a controller alone where there is no broker", () => {
    const units = [...kraft.values()].filter(({ type }) => type === "bramble:systemd:Unit");
    const daemons = units.filter(({ inputs }) => !inputs.name.startsWith("bramble-")).map(({ name }) => name);
    expect(daemons.sort()).toEqual([
      "rpi0-controller-unit",
      "rpi1-broker-unit",
      "rpi2-broker-unit",
      "rpi3-broker-unit",
    ]);
    expect(inputs("rpi0-controller-unit")).toMatchObject({ name: "kafka.service", readyPort: 9093, rolls: "kafka" });
    expect(inputs("rpi0-controller-unit").content).toContain("-Xmx96m");
    expect(inputs("rpi1-broker-unit")).toMatchObject({ name: "kafka.service", readyPort: 9092, rolls: "kafka" });
  });

  test("every node formats its storage for the one cluster, and none that holds anything else", () => {
    for (const name of ["rpi0-controller-unit", "rpi1-broker-unit", "rpi3-broker-unit"]) {
      const before = parseUnit(inputs(name).content).Service?.ExecStartPre?.[0];
      expect(before).toMatch(/^\/bin\/sh -c 'test -e \S+ \|\| exec .*--cluster-id the-id-of-the-cluster /);
    }
    const data = { mode: "kraft", cluster: "the-id-of-the-cluster", controllers: "0, 1, 2" };
    for (const [i, host] of hosts.entries()) {
      expect(inputs(`${host}-machine`)).toMatchObject({
        dataFolder: "/var/lib/kafka",
        data: { ...data, node: String(i) },
      });
    }
    expect(resource("rpi1-machine").inputs.data).toEqual({ mode: "zookeeper", node: "1" });
  });

  test("ports and Java are looked at for what will run", () => {
    expect(inputs("rpi0-machine").ports).toEqual({ 9093: "kafka.service" });
    expect(inputs("rpi1-machine").ports).toEqual({ 9092: "kafka.service", 9093: "kafka.service" });
    expect(inputs("rpi3-machine").ports).toEqual({ 9092: "kafka.service" });
    expect([inputs("rpi0-machine").java, resource("rpi0-machine").inputs.java]).toEqual([17, 11]);
  });
});

test("the password is in no input but the connection of the command plugin", () => {
  for (const { type, inputs } of resources.values()) {
    const text = JSON.stringify(inputs);
    if (type.startsWith("bramble:")) expect(text).not.toContain("raspberry-secret");
    else expect(JSON.stringify({ ...inputs, connection: undefined })).not.toContain("raspberry-secret");
  }
});
