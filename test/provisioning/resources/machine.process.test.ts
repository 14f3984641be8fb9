import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type MachineArgs, type MachineState, machine } from "../../../provisioning/resources/machine.ts";
import type { Result } from "../../../provisioning/ssh/command.ts";
import { listen } from "../loopback-host.ts";
import { run, target, thisMachine } from "../this-machine.ts";

jest.setTimeout(60_000);

const want: MachineArgs = {
  ...target,
  java: 11,
  freeMb: 1024,
  home: "/opt/kafka",
  kafka: "3.9.2",
  ports: { 2181: "zookeeper.service", 9092: "kafka.service" },
  dataFolder: "/var/lib/kafka",
  data: { mode: "kraft", node: "1", cluster: "ours", controllers: "0, 1, 2" },
  intruders: {},
};
const fit: MachineState = { ...want, machine: "aarch64", foundFreeMb: 1024 };

describe("plan", () => {
  const errors = (have: Partial<MachineState>) => {
    try {
      expect(machine.definition.plan(want, { ...fit, ...have }, true)).toEqual([]);
      return "";
    } catch (error) {
      return (error as AggregateError).message;
    }
  };

  const cases: [string, Partial<MachineState>, string][] = [
    ["a fit host", {}, ""],
    [
      "another architecture",
      { machine: "armv7l" },
      "the system is armv7l; expected x86_64 or aarch64. Install a 64-bit system (Raspberry Pi OS 64-bit).",
    ],
    [
      "no Java",
      { java: 0 },
      "Java is not installed; expected Java 11 or newer. Install it: `sudo apt-get install openjdk-17-jre-headless`.",
    ],
    [
      "an old Java",
      { java: 8 },
      "Java 8 is installed; expected Java 11 or newer. Install it: `sudo apt-get install openjdk-17-jre-headless`.",
    ],
    [
      "a full disk",
      { foundFreeMb: 12 },
      "the disk has 12 MB free; expected at least 1024 MB. Free some space, or use a larger card.",
    ],
    [
      "another Kafka by another hand",
      { kafka: "3.8.0" },
      "/opt/kafka has Kafka 3.8.0; expected Kafka 3.9.2. Write `version: 3.8.0` into the pipeline file, or move the folder away: `sudo mv /opt/kafka /opt/kafka.old`.",
    ],
    [
      "something else in Kafka's place",
      { kafka: "none" },
      "/opt/kafka has no Kafka in it; expected Kafka 3.9.2. Move the folder away: `sudo mv /opt/kafka /opt/kafka.old`.",
    ],
    [
      "a port in use",
      { intruders: { 2181: "pid 42 (java -Xmx512M)" } },
      "port 2181 is in use by pid 42 (java -Xmx512M). Stop that process (perhaps a daemon started by hand); zookeeper.service needs the port.",
    ],
    [
      "records of the other mode",
      { data: { mode: "zookeeper", node: "0", cluster: "theirs", controllers: "0, 1, 2" } },
      "/var/lib/kafka has the records of a cluster with ZooKeeper; expected none, or those of a cluster with KRaft. " +
        "Records cannot move from one kind to the other: undo the change, or give up the records: `pulumi destroy` (it wipes them unless bramble:keepData is set), then `pulumi up`; or deploy to other Pis, in a stack of their own.",
    ],
    [
      "records of another cluster",
      { data: { mode: "kraft", node: "1", cluster: "theirs", controllers: "0, 1, 2" } },
      "/var/lib/kafka has the records of another cluster, theirs; expected none, or those of this stack's cluster, ours. " +
        "Use the stack that wrote the records; or, if nobody needs them, stop the brokers and run `sudo rm -rf /var/lib/kafka`.",
    ],
    [
      "records of another place in the list of hosts",
      { data: { mode: "kraft", node: "2", cluster: "ours", controllers: "0, 1, 2" } },
      "/var/lib/kafka has the records of node 2; expected none, or those of node 1, the host's id under cluster/hosts. " +
        "A node keeps its id while hosts come and go: write `rpi0: { address: 127.0.0.1, id: 2 }` there; or undo the change, or give up the records: `pulumi destroy` (it wipes them unless bramble:keepData is set), then `pulumi up`.",
    ],
    [
      "other controllers than the cluster has",
      { data: { mode: "kraft", node: "1", cluster: "ours", controllers: "1, 2, 3" } },
      "the cluster has its controllers on nodes 1, 2, 3; expected nodes 0, 1, 2. " +
        "Controllers stay on their Pis for the life of the cluster (services may leave these Pis, and cards may be replaced): write their hosts under cluster/kraft/controllers, undo the change, or give up the records: `pulumi destroy` (it wipes them unless bramble:keepData is set), then `pulumi up`.",
    ],
  ];
  test.each(cases)("%s", (_, have, hostError) => {
    expect(errors(have)).toBe(hostError === "" ? "" : `rpi0 (127.0.0.1): ${hostError}`);
  });

  test("all that is wrong at once, each in a line of its own", () => {
    const all = { machine: "i686", java: 0, foundFreeMb: 1, kafka: "none", intruders: { 2181: "a", 9092: "b" } };
    expect(errors(all).split("\n")).toHaveLength(6);
  });
});

describe("read", () => {
  const ok = (stdout = ""): Result => ({ exitCode: 0, stdout, stderr: "" });
  const failed = (stderr: string): Result => ({ exitCode: 1, stdout: "", stderr });
  const java = ok('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6-Debian)\n');
  const read = (looks: { [look: string]: Result }) => {
    const {
      uname = ok("aarch64\n"),
      shown = java,
      disk = ok("20480\n"),
      ports = ok(),
      kafka = ok(),
      data = ok("\n\n"),
    } = looks;
    return machine.definition.read([uname, shown, disk, ports, kafka, data], want);
  };

  test.each<[string, Record<string, Result>, Partial<MachineState>]>([
    // What is better than wanted is as wanted: another Java, or a fuller disk, is no drift.
    ["a fit host", {}, {}],
    ["Java 8", { shown: ok('java version "1.8.0_402"\n') }, { java: 8 }],
    ["Java 11", { shown: ok('openjdk version "11.0.22" 2024-01-16\n') }, { java: 11 }],
    ["an early access of Java 27", { shown: ok('openjdk version "27-ea" 2026-09-15\n') }, { java: 11 }],
    [
      "Java behind a warning",
      { shown: ok('Picked up _JAVA_OPTIONS: -Xmx1g\nopenjdk version "17" 2021\n') },
      { java: 11 },
    ],
    ["no Java", { shown: { exitCode: 127, stdout: "sh: 1: java: not found\n", stderr: "" } }, { java: 0 }],
    ["little room", { disk: ok("512\n") }, { foundFreeMb: 512 }],
    ["little room, but Kafka has its own already", { disk: ok("installed\n512\n") }, {}],
    ["Kafka by another hand", { kafka: ok("3.8.0\n") }, { kafka: "3.8.0" }],
    // As Kafka 3.9 and 4.3 write them.
    [
      "a broker of a cluster with ZooKeeper",
      { data: ok("#\n#Mon Nov 23 14:22:59 UTC 2026\ncluster.id=theirs\nversion=0\nbroker.id=1\n\n\n") },
      { data: { ...want.data, mode: "zookeeper", cluster: "theirs" } },
    ],
    [
      "a controller of another place and quorum",
      {
        data: ok(
          "#\nnode.id=2\ndirectory.id=1LwWt8c4tijzJTxHS9jFlA\nversion=1\ncluster.id=ours\n\n" +
            '{"clusterId":"","leaderId":0,"leaderEpoch":3,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":2},{"voterId":3},{"voterId":4}],"data_version":0}\n',
        ),
      },
      { data: { mode: "kraft", node: "2", cluster: "ours", controllers: "2, 3, 4" } },
    ],
    [
      "daemons started by hand",
      { ports: ok("2181 42 java -Xmx512M -server \n9092 43 \n") },
      { intruders: { 2181: "pid 42 (java -Xmx512M -server)", 9092: "pid 43 ()" } },
    ],
  ])("%s", (_, looks, differs) => {
    expect(read(looks)).toEqual({ ...fit, ...differs });
  });

  test.each(["uname", "disk", "ports", "kafka", "data"])("cannot tell when %s fails", (look) => {
    expect(() => read({ [look]: failed("sh: 1: ss: not found") })).toThrow(
      "rpi0 (127.0.0.1): the host's state cannot be read: sh: 1: ss: not found. Fix that first",
    );
  });
});

describe("on a real host", () => {
  let folder: string;
  let server: Server;
  let port: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bramble-machine-"));
    server = createServer();
    port = await listen(server);
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const { session, done } = thisMachine();
  const look = (args: Partial<MachineArgs>) => machine.observe(session, { ...want, ports: {}, home: folder, ...args });

  test("a host is looked at, and not touched", async () => {
    const { stdout: architecture } = await run(["uname", "-m"]);
    const home = join(folder, "none");
    const seen = await look({ freeMb: 1, home });
    expect(seen).toMatchObject({ machine: architecture.trim(), foundFreeMb: 1, kafka: "3.9.2", intruders: {} });
    expect((await look({ freeMb: 1e12, home }))?.foundFreeMb).toBeGreaterThan(1);
    await machine.remove(session, seen as MachineState);
    expect(done()).toEqual([]);
  });

  test("whoever holds a port that a daemon needs is named", async () => {
    const seen = await look({ ports: { [port]: "kafka.service", 1: "zookeeper.service" } });
    expect(Object.keys(seen?.intruders ?? {})).toEqual([String(port)]);
    expect(seen?.intruders[port]).toMatch(new RegExp(`^pid ${process.pid} \\(.*node`));
  });

  test("data tell of what they are; where there are none, nothing is amiss", async () => {
    const dataFolder = join(folder, "data");
    expect((await look({ dataFolder }))?.data).toEqual(want.data);
    mkdirSync(join(dataFolder, "__cluster_metadata-0"), { recursive: true });
    writeFileSync(join(dataFolder, "meta.properties"), "version=1\nnode.id=3\ncluster.id=theirs\n");
    expect((await look({ dataFolder }))?.data).toEqual({ ...want.data, node: "3", cluster: "theirs" });
    writeFileSync(join(dataFolder, "__cluster_metadata-0/quorum-state"), '{"currentVoters":[{"voterId":7}]}');
    expect((await look({ dataFolder }))?.data?.controllers).toBe("7");
    expect((await look({ dataFolder, data: { mode: "kraft" } }))?.data).toEqual({ mode: "kraft" });
  });

  test.each<[string, readonly string[], string]>([
    ["with one", ["libs/kafka_2.13-3.8.0.jar", "libs/kafka_2.13-3.8.0-sources.jar"], "3.8.0"],
    ["without", ["libs/other.jar"], "none"],
    ["that is empty", [], "none"],
    ["that bramble unpacked, whatever it holds", ["libs/kafka_2.13-3.8.0.jar", ".bramble-archive"], "3.9.2"],
  ])("a folder in Kafka's place %s tells its version", async (name, files, version) => {
    const home = join(folder, name);
    mkdirSync(join(home, "libs"), { recursive: true });
    for (const file of files) writeFileSync(join(home, file), "");
    expect(await look({ home })).toMatchObject({ kafka: version, foundFreeMb: want.freeMb });
  });
});
