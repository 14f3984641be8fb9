import type * as pulumi from "@pulumi/pulumi";
import type * as declaration from "../../declaration/pipeline.ts";
import { Daemon } from "./daemon.ts";

export const zookeeperPorts = { client: 2181, quorum: 2888, election: 3888 };

/** The hosts of the ensemble, voters and observers, in the order of the file; none in a cluster without ZooKeeper. */
export function members({ hosts, metadata }: declaration.Cluster): declaration.Host[] {
  if (metadata.mode !== "zookeeper") return [];
  return hosts.filter(({ name }) => metadata.voters.includes(name) || metadata.observers.includes(name));
}

/** `host:port` of every member of the ensemble. */
export function zookeepers(cluster: declaration.Cluster): string[] {
  return members(cluster).map(serverOf);
}

/** `host:port` of those that a broker on this host may turn to. */
export function zookeepersOf(cluster: declaration.Cluster, host: declaration.Host): string[] {
  return knownTo(cluster, host).map(serverOf);
}

function serverOf({ address }: declaration.Host): string {
  return `${address}:${zookeeperPorts.client}`;
}

/**
 * The members that the daemons of a host are told of: those that vote, and its own. Voters take an observer that they
 * were not told of, so that one comes and goes without a restart elsewhere; and with the voters gone none is of use.
 */
function knownTo(cluster: declaration.Cluster, host: declaration.Host): declaration.Host[] {
  return members(cluster).filter((member) => member.name === host.name || !isObserver(cluster, member));
}

function isObserver({ metadata }: declaration.Cluster, { name }: declaration.Host): boolean {
  return metadata.mode === "zookeeper" && metadata.observers.includes(name);
}

/** A member of the ZooKeeper ensemble: a voter, or an observer that follows without a vote. */
export class ZooKeeper extends Daemon {
  constructor(
    name: string,
    args: { cluster: declaration.Cluster; host: declaration.Host; files: pulumi.Resource[] },
    opts: pulumi.ComponentResourceOptions,
  ) {
    const { cluster, host } = args;
    super(
      "bramble:cluster:ZooKeeper",
      name,
      {
        ...args,
        unit: "zookeeper.service",
        rolls: "zookeeper",
        description: "Apache ZooKeeper",
        folder: "zookeeper",
        heap: cluster.metadata.heap,
        launcher: "zookeeper-server-start.sh",
        file: "zookeeper.properties",
        properties: zookeeperProperties(cluster, host),
        before: `/bin/sh -c 'echo ${serverId(host)} > /var/lib/zookeeper/myid'`,
        port: zookeeperPorts.client,
      },
      opts,
    );
  }
}

/** ZooKeeper numbers its servers from 1. */
function serverId(host: declaration.Host): number {
  return host.id + 1;
}

/** zookeeper.properties of one member. Pure. */
export function zookeeperProperties(cluster: declaration.Cluster, host: declaration.Host): Record<string, string> {
  const servers = knownTo(cluster, host).map((member) => {
    const role = isObserver(cluster, member) ? ":observer" : "";
    const { quorum, election } = zookeeperPorts;
    return [`server.${serverId(member)}`, `${member.address}:${quorum}:${election}${role}`];
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
    ...(members(cluster).length > 1 ? { standaloneEnabled: "false" } : {}),
    ...(isObserver(cluster, host) ? { peerType: "observer" } : {}),
    ...Object.fromEntries(servers),
  };
}
