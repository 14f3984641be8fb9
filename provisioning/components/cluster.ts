import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { brokerPort } from "../../declaration/bootstrap-servers.ts";
import type * as declaration from "../../declaration/pipeline.ts";
import type { Members } from "../resources/stale-data.ts";
import { Broker, kafkaRelease } from "./broker.ts";
import { dynamicSettings } from "./dynamic-settings.ts";
import { Host } from "./host.ts";
import { Controller, controllers } from "./kraft.ts";
import { DeclaredBrokers, DynamicBrokerConfig, type Machine } from "./resources.ts";
import { members, ZooKeeper } from "./zookeeper.ts";

export interface ClusterArgs {
  readonly cluster: declaration.Cluster;
  /** How to log in to a host with its pinned key. */
  readonly connection: (host: declaration.Host) => command.types.input.remote.ConnectionArgs;
  readonly kafkaArchive: string;
  readonly keepData: boolean;
  /** What the storage of a cluster with KRaft is formatted with. */
  readonly clusterId: string;
}

/** The hosts with one Kafka cluster over them, and what keeps its metadata: a ZooKeeper ensemble, or controllers. */
export class Cluster extends pulumi.ComponentResource {
  private readonly hosts: ReadonlyMap<string, Host>;
  readonly machines: Machine[];
  /** The brokers, with their settings. */
  readonly brokers: pulumi.Resource[];

  constructor(name: string, args: ClusterArgs, opts: pulumi.ComponentResourceOptions) {
    super("bramble:cluster:Cluster", name, {}, opts);
    const { cluster, connection, kafkaArchive, keepData, clusterId } = args;
    const parent = { parent: this };
    this.hosts = new Map(
      cluster.hosts.map((host) => [
        host.name,
        new Host(host.name, { cluster, host, connection: connection(host), kafkaArchive, keepData, clusterId }, parent),
      ]),
    );
    // Nothing is put on any host before all have been found fit.
    this.machines = [...this.hosts.values()].map(({ machine }) => machine);
    const brokers = cluster.hosts.filter((host) => cluster.kafka.brokers.includes(host.name));
    const guard = new DeclaredBrokers(
      `${name}-brokers`,
      {
        brokers: Object.fromEntries(brokers.map((host) => [host.name, host.address])),
        kafka: kafkaRelease(cluster),
        members: keepers(cluster),
      },
      { ...parent, dependsOn: this.machines },
    );
    const fit = [...this.machines, guard];
    // No daemon goes down for another Kafka before every host has it: a disk that is full stops no one.
    const files = [...this.hosts.values()].flatMap((host) => host.prepare(fit));
    const ensemble = members(cluster).map(
      (host) => new ZooKeeper(`${host.name}-zookeeper`, { cluster, host, files }, parent).unit,
    );
    const units = brokers.map((host) => {
      const args = { cluster, host, files, ensemble, clusterId };
      return new Broker(`${host.name}-broker`, args, parent).unit;
    });
    const addresses = brokers.map(
      ({ name, id, address }) => [name, { id, server: `${address}:${brokerPort}` }] as const,
    );
    const settings = new DynamicBrokerConfig(
      `${name}-dynamic-config`,
      {
        brokers: Object.fromEntries(addresses),
        config: dynamicSettings(cluster),
        overrides: Object.fromEntries(brokers.map((host) => [host.name, {}])),
      },
      { ...parent, dependsOn: units },
    );
    this.brokers = [...units, settings];
    for (const host of controllers(cluster).filter((host) => !brokers.includes(host))) {
      new Controller(`${host.name}-controller`, { cluster, host, files, clusterId }, parent);
    }
    this.registerOutputs();
  }

  /** The machine behind a host's name. */
  machine(host: string): Machine {
    const found = this.hosts.get(host);
    if (found === undefined)
      throw new Error(`${host}: no such host in the cluster; the loader lets no such pipeline pass`);
    return found.machine;
  }
}

/** The hosts that keep records, or what the cluster knows of itself. Pure. */
function keepers(cluster: declaration.Cluster): Members {
  const { hosts, kafka, metadata } = cluster;
  const voters = metadata.mode === "zookeeper" ? metadata.voters : metadata.controllers;
  const keeps = (host: declaration.Host) =>
    [...kafka.brokers, ...voters].includes(host.name) || members(cluster).includes(host);
  return Object.fromEntries(
    hosts.filter(keeps).map(({ name, address }) => [name, { address, votes: voters.includes(name) }]),
  );
}
