import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import type * as declaration from "../../declaration/pipeline.ts";
import { configPath, Daemon } from "./daemon.ts";

export const controllerPort = 9093;

/** The hosts whose controllers vote, in the order of the file; none in a cluster with ZooKeeper. */
export function controllers({ hosts, metadata }: declaration.Cluster): declaration.Host[] {
  return metadata.mode === "kraft" ? hosts.filter(({ name }) => metadata.controllers.includes(name)) : [];
}

/** `id@host:port` of every controller, as controller.quorum.voters has them. */
export function quorumVoters(cluster: declaration.Cluster): string[] {
  return controllers(cluster).map((host) => `${host.id}@${host.address}:${controllerPort}`);
}

/**
 * The id that storage is formatted with: 16 bytes in Kafka's base64 (org.apache.kafka.common.Uuid). It follows from the
 * stack, so that every host has the same one without asking another: after an `up` that was interrupted, on a Pi with an
 * empty disk, and on data that a destroy has left.
 */
export function clusterId(project: string, stack: string): string {
  const bytes = createHash("sha256").update(`bramble cluster of ${project}/${stack}`).digest().subarray(0, 16);
  // As Kafka's own random ids: a leading dash would read as an option.
  return bytes.toString("base64url").replace(/^-/, "_");
}

/** Formats a node's storage where there is none yet. Kafka's own tool, as a node refuses a folder that it has not made. */
export function formatStorage(cluster: declaration.Cluster, id: string): string {
  const format = `${cluster.kafka.home}/bin/kafka-storage.sh format --cluster-id ${id}`;
  const config = configPath(cluster, "server.properties");
  return `/bin/sh -c 'test -e /var/lib/kafka/meta.properties || exec ${format} --config ${config}'`;
}

/** A controller on a host without a broker; elsewhere the broker's process is the controller too. */
export class Controller extends Daemon {
  constructor(
    name: string,
    args: { cluster: declaration.Cluster; host: declaration.Host; files: pulumi.Resource[]; clusterId: string },
    opts: pulumi.ComponentResourceOptions,
  ) {
    const { cluster, host, files } = args;
    const heap = cluster.metadata.heap;
    super(
      "bramble:cluster:Controller",
      name,
      {
        ...{ cluster, host, files, heap },
        unit: "kafka.service",
        rolls: "kafka",
        description: "Apache Kafka controller",
        folder: "kafka",
        launcher: "kafka-server-start.sh",
        file: "server.properties",
        properties: { ...kraftProperties(cluster, host), "log.dirs": "/var/lib/kafka" },
        before: formatStorage(cluster, args.clusterId),
        port: controllerPort,
      },
      opts,
    );
  }
}

/** The part of server.properties that makes a node of the quorum of a host. Pure. */
export function kraftProperties(cluster: declaration.Cluster, host: declaration.Host): Record<string, string> {
  const isController = controllers(cluster).includes(host);
  const isBroker = cluster.kafka.brokers.includes(host.name);
  return {
    "process.roles": [...(isBroker ? ["broker"] : []), ...(isController ? ["controller"] : [])].join(","),
    "node.id": String(host.id),
    "controller.quorum.voters": quorumVoters(cluster).join(","),
    "controller.listener.names": "CONTROLLER",
    // A controller is for the other nodes alone, which know it by its address.
    ...(isController ? { listeners: `CONTROLLER://${host.address}:${controllerPort}` } : {}),
  };
}
