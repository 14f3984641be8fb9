import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { brokerPort } from "../../declaration/bootstrap-servers.ts";
import { kafkaSeries } from "../../declaration/kafka-versions.ts";
import type * as declaration from "../../declaration/pipeline.ts";
import type { MachineArgs } from "../resources/machine.ts";
import { controllerPort, controllers } from "./kraft.ts";
import { Archive, Machine } from "./resources.ts";
import { members, zookeeperPorts } from "./zookeeper.ts";

/** Room for Kafka, Node and some days of records. */
const freeMb = 1024;

export interface HostArgs {
  readonly cluster: declaration.Cluster;
  readonly host: declaration.Host;
  readonly connection: command.types.input.remote.ConnectionArgs;
  /** Kafka's archive on this machine. */
  readonly kafkaArchive: string;
  readonly keepData: boolean;
  readonly clusterId: string;
}

/** One Pi with what every daemon on it needs: Java proven there, a user and data folders, Kafka's files. */
export class Host extends pulumi.ComponentResource {
  readonly machine: Machine;
  private readonly args: HostArgs;

  constructor(name: string, args: HostArgs, opts: pulumi.ComponentResourceOptions) {
    super("bramble:cluster:Host", name, {}, opts);
    const { cluster, host, clusterId } = args;
    const { home, version } = cluster.kafka;
    const { java } = kafkaSeries[cluster.metadata.mode];
    this.args = args;
    this.machine = new Machine(
      `${name}-machine`,
      {
        host: host.name,
        address: host.address,
        ...{ java, freeMb, home, kafka: version, ports: ports(cluster, host), intruders: {} },
        dataFolder: "/var/lib/kafka",
        data: data(cluster, host, clusterId),
      },
      { parent: this },
    );
  }

  /** Puts on it what the daemons need, once all of `fit` have been looked at and found so. */
  prepare(fit: pulumi.Resource[]): pulumi.Resource[] {
    const { cluster, host, connection, kafkaArchive, keepData } = this.args;
    const { home, version } = cluster.kafka;
    // Account and data come and go in one step each: nothing in between could drift.
    const data = new command.remote.Command(
      `${host.name}-data`,
      {
        connection,
        create:
          "id -u kafka >/dev/null 2>&1 || sudo useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin kafka",
        delete: keepData ? "true" : wipe,
        // sshd accepts no such variable from its clients, and each change would warn about that.
        addPreviousOutputInEnv: false,
      },
      // `pulumi up --replace` of it: what its `delete` takes away must not be what its `create` has just made.
      { parent: this, dependsOn: fit, additionalSecretOutputs: ["connection"], deleteBeforeReplace: true },
    );
    const kafka = new Archive(
      `${host.name}-kafka`,
      {
        host: host.name,
        address: host.address,
        path: home,
        version: `kafka ${version}`,
        marker: `libs/kafka_2.13-${version}.jar`,
        keep: ["config", "logs"],
        scratch: ["logs"],
        integrity: "intact",
        archive: kafkaArchive,
      },
      { parent: this, dependsOn: fit },
    );
    this.registerOutputs();
    return [data, kafka];
  }
}

/** ZooKeeper's and Kafka's data go together: one without the other refuses to start (cluster id mismatch). */
const wipe =
  "sudo rm -rf /var/lib/zookeeper /var/lib/kafka /var/log/zookeeper /var/log/kafka; sudo userdel kafka 2>/dev/null || true";

function ports(cluster: declaration.Cluster, host: declaration.Host): Record<string, string> {
  const { client, quorum, election } = zookeeperPorts;
  const isObserver = cluster.metadata.mode === "zookeeper" && cluster.metadata.observers.includes(host.name);
  const forZooKeeper = !members(cluster).includes(host) ? [] : isObserver ? [client] : [client, quorum, election];
  const forKafka = [
    ...(cluster.kafka.brokers.includes(host.name) ? [brokerPort] : []),
    ...(controllers(cluster).includes(host) ? [controllerPort] : []),
  ];
  return {
    ...Object.fromEntries(forZooKeeper.map((port) => [String(port), "zookeeper.service"])),
    ...Object.fromEntries(forKafka.map((port) => [String(port), "kafka.service"])),
  };
}

/** What Kafka's data on a host must be of, where there are any. */
function data(cluster: declaration.Cluster, host: declaration.Host, clusterId: string): MachineArgs["data"] {
  const { metadata, kafka } = cluster;
  const voters = controllers(cluster);
  if (!kafka.brokers.includes(host.name) && !voters.includes(host)) return {};
  const id = (one: declaration.Host) => String(one.id);
  const { mode } = metadata;
  return {
    ...{ mode, node: id(host) },
    ...(mode === "kraft" ? { cluster: clusterId, controllers: voters.map(id).join(", ") } : {}),
  };
}
