import * as pulumi from "@pulumi/pulumi";
import type * as declaration from "../../declaration/pipeline.ts";
import { File, Unit } from "./resources.ts";
import { checksums, daemonUnit, propertiesFile, running } from "./unit-file.ts";

export const zookeeperPorts = { client: 2181, quorum: 2888, election: 3888 };

/** The hosts of the ensemble, voters and observers, in the order of the file. */
export function members({ hosts, zookeeper: { voters, observers } }: declaration.Cluster): declaration.Host[] {
  return hosts.filter(({ name }) => voters.includes(name) || observers.includes(name));
}

/** `host:port` of every member of the ensemble, for its clients. */
export function zookeepers(cluster: declaration.Cluster): string[] {
  return members(cluster).map(({ address }) => `${address}:${zookeeperPorts.client}`);
}

/** A member of the ZooKeeper ensemble: a voter, or an observer that follows without a vote. */
export class ZooKeeper extends pulumi.ComponentResource {
  readonly unit: pulumi.Resource;

  constructor(
    name: string,
    args: { cluster: declaration.Cluster; host: declaration.Host; dependsOn: pulumi.Resource[] },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("bramble:cluster:ZooKeeper", name, {}, opts);
    const { cluster, host, dependsOn } = args;
    const place = { host: host.name, address: host.address };
    const path = `${cluster.kafka.home}/config/zookeeper.properties`;
    const content = propertiesFile(zookeeperProperties(cluster, host));
    const config = new File(
      `${name}-config`,
      { ...place, path, content, mode: "0644", owner: "root:root" },
      { parent: this, dependsOn },
    );
    this.unit = new Unit(
      `${name}-unit`,
      {
        ...place,
        name: "zookeeper.service",
        content: daemonUnit({
          description: "Apache ZooKeeper",
          after: [],
          folder: "zookeeper",
          environment: { KAFKA_HEAP_OPTS: `-Xms${cluster.zookeeper.heap} -Xmx${cluster.zookeeper.heap}` },
          execStartPre: `/bin/sh -c 'echo ${serverId(cluster, host)} > /var/lib/zookeeper/myid'`,
          execStart: `${cluster.kafka.home}/bin/zookeeper-server-start.sh ${path}`,
        }),
        ...running,
        reads: checksums({ [path]: content }),
        readyPort: zookeeperPorts.client,
        rolls: "zookeeper",
      },
      { parent: this, dependsOn: [config, ...dependsOn] },
    );
    this.registerOutputs();
  }
}

/** ZooKeeper numbers its servers from 1. */
function serverId(cluster: declaration.Cluster, host: declaration.Host): number {
  return cluster.hosts.indexOf(host) + 1;
}

/** zookeeper.properties of one member. Pure. */
export function zookeeperProperties(cluster: declaration.Cluster, host: declaration.Host): Record<string, string> {
  const { observers } = cluster.zookeeper;
  const ensemble = members(cluster);
  const servers = ensemble.map((member) => {
    const role = observers.includes(member.name) ? ":observer" : "";
    const { quorum, election } = zookeeperPorts;
    return [`server.${serverId(cluster, member)}`, `${member.address}:${quorum}:${election}${role}`];
  });
  return {
    dataDir: "/var/lib/zookeeper",
    clientPort: String(zookeeperPorts.client),
    tickTime: "1000",
    initLimit: "10",
    syncLimit: "5",
    maxClientCnxns: "0",
    "admin.enableServer": "false",
    "4lw.commands.whitelist": "ruok,srvr,mntr",
    "autopurge.snapRetainCount": "3",
    "autopurge.purgeInterval": "24",
    // A single voter would otherwise run alone and refuse its observers.
    ...(ensemble.length > 1 ? { standaloneEnabled: "false" } : {}),
    ...(observers.includes(host.name) ? { peerType: "observer" } : {}),
    ...Object.fromEntries(servers),
  };
}
