import * as pulumi from "@pulumi/pulumi";
import type * as declaration from "../../declaration/pipeline.ts";
import { File, Unit } from "./resources.ts";
import { checksums, daemonUnit, propertiesFile, running } from "./unit-file.ts";
import { zookeepers } from "./zookeeper.ts";

export const brokerPort = 9092;

/** `host:port` of every broker of a cluster. */
export function bootstrapServers(cluster: declaration.Cluster): string[] {
  const brokers = cluster.hosts.filter(({ name }) => cluster.kafka.brokers.includes(name));
  return brokers.map(({ address }) => `${address}:${brokerPort}`);
}

/** One Kafka broker. */
export class Broker extends pulumi.ComponentResource {
  readonly unit: pulumi.Resource;

  constructor(
    name: string,
    args: {
      cluster: declaration.Cluster;
      host: declaration.Host;
      files: pulumi.Resource[];
      ensemble: pulumi.Resource[];
    },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("bramble:cluster:Broker", name, {}, opts);
    const { cluster, host, files, ensemble } = args;
    const { home, heap } = cluster.kafka;
    const place = { host: host.name, address: host.address };
    const path = `${home}/config/server.properties`;
    const content = propertiesFile(brokerProperties(cluster, host));
    const config = new File(
      `${name}-config`,
      { ...place, path, content, mode: "0644", owner: "root:root" },
      { parent: this, dependsOn: files },
    );
    this.unit = new Unit(
      `${name}-unit`,
      {
        ...place,
        name: "kafka.service",
        content: daemonUnit({
          description: "Apache Kafka broker",
          after: ["zookeeper.service"],
          folder: "kafka",
          environment: { KAFKA_HEAP_OPTS: `-Xms${heap} -Xmx${heap}` },
          execStart: `${home}/bin/kafka-server-start.sh ${path}`,
        }),
        ...running,
        reads: checksums({ [path]: content }),
        readyPort: brokerPort,
        rolls: "kafka",
      },
      // Brokers stop before any ZooKeeper does: an orderly stop needs its quorum.
      { parent: this, dependsOn: [config, ...files, ...ensemble] },
    );
    this.registerOutputs();
  }
}

/** server.properties of one broker, sized for a small machine. Pure. */
export function brokerProperties(cluster: declaration.Cluster, host: declaration.Host): Record<string, string> {
  const replicas = Math.min(3, cluster.kafka.brokers.length);
  return {
    "broker.id": String(cluster.hosts.indexOf(host)),
    // On every interface, so that the Pi's own tools reach it as localhost; told to clients by its address.
    listeners: `PLAINTEXT://:${brokerPort}`,
    "advertised.listeners": `PLAINTEXT://${host.address}:${brokerPort}`,
    "log.dirs": "/var/lib/kafka",
    "zookeeper.connect": zookeepers(cluster).join(","),
    "zookeeper.session.timeout.ms": "6000",
    "zookeeper.connection.timeout.ms": "30000",
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
    "transaction.state.log.min.isr": String(Math.min(2, replicas)),
    "group.initial.rebalance.delay.ms": "0",
    ...cluster.kafka.config,
  };
}
