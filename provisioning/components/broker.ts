import type * as pulumi from "@pulumi/pulumi";
import { brokerPort } from "../../declaration/bootstrap-servers.ts";
import type * as declaration from "../../declaration/pipeline.ts";
import type { KafkaRelease } from "../resources/upgrade-obstacle.ts";
import { Daemon } from "./daemon.ts";
import { staticSettings } from "./dynamic-settings.ts";
import { formatStorage, kraftProperties } from "./kraft.ts";
import { zookeepersOf } from "./zookeeper.ts";

/** One Kafka broker; on a controller's host of a cluster with KRaft its process is the controller too. */
export class Broker extends Daemon {
  constructor(
    name: string,
    args: {
      cluster: declaration.Cluster;
      host: declaration.Host;
      files: pulumi.Resource[];
      /** Brokers stop before any ZooKeeper does: an orderly stop needs its quorum. */
      ensemble: pulumi.Resource[];
      clusterId: string;
    },
    opts: pulumi.ComponentResourceOptions,
  ) {
    const { cluster, host, files, ensemble } = args;
    super(
      "bramble:cluster:Broker",
      name,
      {
        ...{ cluster, host, files },
        needs: ensemble,
        unit: "kafka.service",
        rolls: "kafka",
        description: "Apache Kafka broker",
        folder: "kafka",
        heap: cluster.kafka.heap,
        launcher: "kafka-server-start.sh",
        file: "server.properties",
        properties: brokerProperties(cluster, host),
        ...(cluster.metadata.mode === "kraft"
          ? { before: formatStorage(cluster, args.clusterId) }
          : { after: ["zookeeper.service"] }),
        port: brokerPort,
      },
      opts,
    );
  }
}

/** server.properties of one broker, sized for a small machine. Pure. */
export function brokerProperties(cluster: declaration.Cluster, host: declaration.Host): Record<string, string> {
  const replicas = Math.min(3, cluster.kafka.brokers.length);
  const { listeners, ...metadata } = metadataProperties(cluster, host);
  // On every interface, so that the Pi's own tools reach it as localhost; told to clients by its address.
  const own = `PLAINTEXT://:${brokerPort}`;
  return {
    listeners: listeners === undefined ? own : `${own},${listeners}`,
    "advertised.listeners": `PLAINTEXT://${host.address}:${brokerPort}`,
    "log.dirs": "/var/lib/kafka",
    ...metadata,
    // A topic exists because the pipeline declares it, not because a client misspelt another.
    "auto.create.topics.enable": "false",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "16777216",
    // A year: a bramble that was switched off over the holidays goes on where it was.
    "offsets.retention.minutes": "525600",
    "offsets.topic.num.partitions": "8",
    "offsets.topic.replication.factor": String(replicas),
    "transaction.state.log.num.partitions": "8",
    "transaction.state.log.replication.factor": String(replicas),
    // Of two brokers one must be able to go down, as each does in every roll.
    "transaction.state.log.min.isr": replicas > 2 ? "2" : "1",
    "group.initial.rebalance.delay.ms": "0",
    ...staticSettings(cluster),
  };
}

/** What the brokers run, as far as it decides what they can become. Pure. */
export function kafkaRelease({ kafka, metadata }: declaration.Cluster): KafkaRelease {
  const { version, config } = kafka;
  return {
    version,
    ...(metadata.mode === "zookeeper" && { protocol: config["inter.broker.protocol.version"] ?? version }),
  };
}

function metadataProperties(cluster: declaration.Cluster, host: declaration.Host): Record<string, string> {
  if (cluster.metadata.mode === "kraft") return kraftProperties(cluster, host);
  return {
    "broker.id": String(host.id),
    "zookeeper.connect": zookeepersOf(cluster, host).join(","),
    "zookeeper.session.timeout.ms": "6000",
    "zookeeper.connection.timeout.ms": "30000",
  };
}
