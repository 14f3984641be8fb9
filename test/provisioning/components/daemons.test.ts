import { describe, expect, test } from "@jest/globals";
import { bootstrapServers, firstServers } from "../../../declaration/bootstrap-servers.ts";
import { kafkaSeries, type Mode } from "../../../declaration/kafka-versions.ts";
import type { Cluster } from "../../../declaration/pipeline.ts";
import { brokerProperties } from "../../../provisioning/components/broker.ts";
import { dynamicSettings } from "../../../provisioning/components/dynamic-settings.ts";
import {
  clusterId,
  controllers,
  formatStorage,
  kraftProperties,
  quorumVoters,
} from "../../../provisioning/components/kraft.ts";
import { propertiesFile } from "../../../provisioning/components/unit-file.ts";
import { zookeeperProperties, zookeepers } from "../../../provisioning/components/zookeeper.ts";
import { parseProperties } from "./formats.ts";

/** A cluster of this many hosts, placed as the loader places them. */
function cluster(count: number, kafka: Partial<Cluster["kafka"]> = {}, mode: Mode = "zookeeper"): Cluster {
  const hosts = Array.from({ length: count }, (_, i) => ({ name: `rpi${i}`, id: i, address: `10.42.0.25${i}` }));
  const names = hosts.map(({ name }) => name);
  const voters = names.slice(0, count < 3 ? 1 : 3);
  const metadata =
    mode === "kraft"
      ? { mode, heap: "64m", controllers: voters }
      : { mode, heap: "64m", voters, observers: names.filter((name) => !voters.includes(name)) };
  const { version } = kafkaSeries[mode];
  return {
    hosts,
    kafka: { version, home: "/opt/kafka", heap: "256m", brokers: names, config: {}, ...kafka },
    metadata,
  };
}

const four = cluster(4);
const each = <T>(of: Cluster, render: (host: Cluster["hosts"][number]) => T) => of.hosts.map(render);
/** As the daemons read them. */
const brokers = (of: Cluster) => each(of, (host) => parseProperties(propertiesFile(brokerProperties(of, host))));
const ensemble = (of: Cluster) => each(of, (host) => parseProperties(propertiesFile(zookeeperProperties(of, host))));

describe("the traps of the hand-made cluster", () => {
  test("four brokers are one cluster: all name the one ensemble, by those who vote and the own one, none localhost", () => {
    const voters = "10.42.0.250:2181,10.42.0.251:2181,10.42.0.252:2181";
    const connects = brokers(four).map((properties) => properties["zookeeper.connect"]);
    expect(connects).toEqual([voters, voters, voters, `${voters},10.42.0.253:2181`]);
    expect(new Set(brokers(four).map((properties) => properties["broker.id"])).size).toBe(4);
  });

  test("a reboot wipes nothing: no data under /tmp", () => {
    for (const properties of brokers(four)) expect(properties["log.dirs"]).toBe("/var/lib/kafka");
    for (const properties of ensemble(four)) expect(properties.dataDir).toBe("/var/lib/zookeeper");
    for (const properties of [...brokers(four), ...ensemble(four)]) {
      expect(Object.values(properties).join()).not.toContain("/tmp");
    }
  });

  test("clients can reach what is advertised: each broker by its own address", () => {
    expect(brokers(four).map((properties) => properties["advertised.listeners"])).toEqual(
      four.hosts.map(({ address }) => `PLAINTEXT://${address}:9092`),
    );
    for (const properties of brokers(four)) expect(properties.listeners).toBe("PLAINTEXT://:9092");
  });

  test("a misspelt topic does not come into being", () => {
    for (const properties of brokers(four)) expect(properties["auto.create.topics.enable"]).toBe("false");
  });
});

describe("ZooKeeper", () => {
  test("every member knows all who vote by the same number, and only an observer itself", () => {
    const servers = {
      "server.1": "10.42.0.250:2888:3888",
      "server.2": "10.42.0.251:2888:3888",
      "server.3": "10.42.0.252:2888:3888",
    };
    for (const properties of ensemble(four)) expect(properties).toMatchObject(servers);
    const observer = "10.42.0.253:2888:3888:observer";
    expect(ensemble(four).map((properties) => properties["server.4"])).toEqual([
      undefined,
      undefined,
      undefined,
      observer,
    ]);
    expect(ensemble(four).map(({ peerType }) => peerType)).toEqual([undefined, undefined, undefined, "observer"]);
  });

  test("answers what the gates ask", () => {
    for (const properties of ensemble(four)) expect(properties["4lw.commands.whitelist"]?.split(",")).toContain("srvr");
  });

  test("one host alone is a server of its own; a voter with an observer is not", () => {
    expect(ensemble(cluster(1))[0]).not.toHaveProperty("standaloneEnabled");
    for (const properties of ensemble(cluster(2))) expect(properties.standaloneEnabled).toBe("false");
  });

  test("a host without a part in it is in nobody's list", () => {
    const of: Cluster = {
      ...four,
      metadata: { mode: "zookeeper", heap: "64m", voters: ["rpi1"], observers: ["rpi2"] },
    };
    expect(zookeepers(of)).toEqual(["10.42.0.251:2181", "10.42.0.252:2181"]);
    const servers = Object.keys(zookeeperProperties(of, { name: "rpi1", id: 1, address: "10.42.0.251" }));
    expect(servers.filter((key) => key.startsWith("server."))).toEqual(["server.2"]);
  });
});

describe("KRaft", () => {
  const kraft = cluster(4, {}, "kraft");
  const quorum = "0@10.42.0.250:9093,1@10.42.0.251:9093,2@10.42.0.252:9093";

  test("every node knows the same controllers; on their hosts one process is broker and controller", () => {
    expect(brokers(kraft).map((properties) => properties["process.roles"])).toEqual([
      "broker,controller",
      "broker,controller",
      "broker,controller",
      "broker",
    ]);
    expect(brokers(kraft).map((properties) => properties["node.id"])).toEqual(["0", "1", "2", "3"]);
    for (const properties of brokers(kraft)) expect(properties["controller.quorum.voters"]).toBe(quorum);
    expect(quorumVoters(kraft).join()).toBe(quorum);
  });

  test("controllers are reached by their address, brokers as ever; nothing is left of ZooKeeper", () => {
    expect(brokers(kraft).map(({ listeners }) => listeners)).toEqual([
      "PLAINTEXT://:9092,CONTROLLER://10.42.0.250:9093",
      "PLAINTEXT://:9092,CONTROLLER://10.42.0.251:9093",
      "PLAINTEXT://:9092,CONTROLLER://10.42.0.252:9093",
      "PLAINTEXT://:9092",
    ]);
    expect(brokers(kraft)[0]).toMatchObject({ "advertised.listeners": "PLAINTEXT://10.42.0.250:9092" });
    expect(Object.keys(brokers(kraft)[0] ?? {}).filter((key) => /zookeeper|broker\.id/.test(key))).toEqual([]);
    expect(zookeepers(kraft)).toEqual([]);
    expect(controllers(four)).toEqual([]);
  });

  test("a host without a broker can be a controller alone", () => {
    const of = cluster(4, { brokers: ["rpi1", "rpi2", "rpi3"] }, "kraft");
    expect(kraftProperties(of, of.hosts[0] as Cluster["hosts"][number])).toEqual({
      "process.roles": "controller",
      "node.id": "0",
      "controller.quorum.voters": quorum,
      "controller.listener.names": "CONTROLLER",
      listeners: "CONTROLLER://10.42.0.250:9093",
    });
  });

  test("storage is formatted once, with an id that follows from the stack", () => {
    expect(clusterId("bramble", "rpi")).toBe("YaXfhbQi9OQIYq9Z1FS_0w");
    expect(clusterId("bramble", "other")).not.toBe(clusterId("bramble", "rpi"));
    for (let i = 0; i < 500; i++) expect(clusterId("bramble", String(i))).toMatch(/^\w[\w-]{21}$/);
    expect(formatStorage(kraft, "abc")).toBe(
      "/bin/sh -c 'test -e /var/lib/kafka/meta.properties || exec /opt/kafka/bin/kafka-storage.sh format --cluster-id abc --config /opt/kafka/config/server.properties'",
    );
  });
});

describe("a host that comes to three others", () => {
  const settings = (of: Cluster) => of.hosts.map((host) => [brokerProperties(of, host), zookeeperProperties(of, host)]);

  test.each<Mode>(["zookeeper", "kraft"])("restarts none of them, with %s", (mode) => {
    const [three, four] = [cluster(3, {}, mode), cluster(4, {}, mode)];
    expect(settings(four).slice(0, 3)).toEqual(settings(three));
    expect(firstServers(four)).toEqual(bootstrapServers(three));
  });
});

describe("brokers", () => {
  test("are reached where they are placed", () => {
    expect(bootstrapServers(cluster(4, { brokers: ["rpi3", "rpi1"] }))).toEqual([
      "10.42.0.251:9092",
      "10.42.0.253:9092",
    ]);
  });

  test.each([
    [1, { replicas: "1", minIsr: "1" }],
    [2, { replicas: "2", minIsr: "1" }],
    [3, { replicas: "3", minIsr: "2" }],
    [4, { replicas: "3", minIsr: "2" }],
  ])("%d of them keep offsets and transactions on as many as there can be", (count, { replicas, minIsr }) => {
    expect(brokers(cluster(count))[0]).toMatchObject({
      "offsets.topic.replication.factor": replicas,
      "transaction.state.log.replication.factor": replicas,
      "transaction.state.log.min.isr": minIsr,
    });
  });

  test("take the user's settings over the defaults, whatever is in them", () => {
    const config = { "log.retention.hours": "24", "offsets.retention.minutes": "60", odd: "a\nlog.dirs=/tmp" };
    expect(brokers(cluster(4, { config }))[0]).toMatchObject({ ...config, "log.dirs": "/var/lib/kafka" });
  });

  test("have in their file only what they do not take up while they run", () => {
    const taken = { "log.retention.ms": "60000", "num.io.threads": "8" };
    const with_ = cluster(4, { config: { ...taken, "log.retention.hours": "24" } });
    expect(brokers(with_)).toEqual(brokers(cluster(4, { config: { "log.retention.hours": "24" } })));
    expect(dynamicSettings(with_)).toEqual({ "min.insync.replicas": "1", ...taken });
  });
});
