import * as pulumi from "@pulumi/pulumi";
import * as declaration from "../../declaration/pipeline.ts";
import { serviceUnitName } from "../../declaration/unit-names.ts";
import type { ServiceRelease } from "../service-release.ts";
import type { Cluster } from "./cluster.ts";
import { OperatorService } from "./operator-service.ts";
import { Archive, DeclaredServices, DeclaredTopics, Topic } from "./resources.ts";

export interface PipelineArgs {
  readonly pipeline: declaration.Pipeline;
  readonly cluster: Cluster;
  readonly releases: ReadonlyMap<string, ServiceRelease>;
  /** Node's archives on this machine, by the host's architecture (uname -m). */
  readonly nodeArchives: Readonly<Record<string, string>>;
  readonly nodeVersion: string;
  /** Names of topics whose records a change may lose. */
  readonly allowDataLoss: readonly string[];
}

/** The topics and operator services of one pipeline, with Node on each host that runs a service. */
export class Pipeline extends pulumi.ComponentResource {
  constructor(name: string, args: PipelineArgs, opts: pulumi.ComponentResourceOptions) {
    super("bramble:pipeline:Pipeline", name, {}, opts);
    const { pipeline, cluster, releases, nodeArchives, nodeVersion, allowDataLoss } = args;
    const parent = { parent: this };
    const onBrokers = { ...parent, dependsOn: cluster.brokers };
    // A changelog goes with its service: without it there is nobody to miss the state.
    const missed = pipeline.topics.filter(({ role }) => role !== "changelog").map((topic) => topic.name);
    new DeclaredTopics(`${name}-topics`, { names: missed, allowDataLoss: [...allowDataLoss] }, onBrokers);
    const topics = new Map(
      pipeline.topics.map(({ name, partitions, replicationFactor, config }) => [
        name,
        new Topic(
          name,
          { name, partitions, replicationFactor, config, allowDataLoss: allowDataLoss.includes(name) },
          onBrokers,
        ),
      ]),
    );
    const units = pipeline.services.flatMap((service) =>
      hostsOf(pipeline, service).map(
        ({ name: host, address }, i) => [serviceUnitName(service.name, i + 1), { host, address }] as const,
      ),
    );
    const declared = new DeclaredServices(
      "declared-services", // of one name for every pipeline, so that it sees another take its place
      {
        pipeline: pipeline.name,
        hosts: Object.fromEntries(pipeline.cluster.hosts.map((host) => [host.name, host.address])),
        units: Object.fromEntries(units),
      },
      { ...parent, dependsOn: cluster.machines },
    );
    const nodeHome = `/opt/bramble/node-${nodeVersion}`;
    const used = pipeline.cluster.hosts.filter((host) => pipeline.services.some(({ on }) => on.includes(host.name)));
    const nodes = new Map(
      used.map(({ name, address }) => {
        const machine = cluster.machine(name);
        const archive = machine.machine.apply((architecture) => nodeArchives[architecture] ?? "");
        const args = {
          host: name,
          address,
          path: nodeHome,
          version: `node ${nodeVersion}`,
          marker: "bin/node",
          archive,
        };
        const whole = { keep: [], scratch: [], integrity: "intact" };
        return [name, new Archive(`${name}-node`, { ...args, ...whole }, { ...parent, dependsOn: cluster.machines })];
      }),
    );
    for (const service of pipeline.services) {
      const release = releases.get(service.name);
      if (release === undefined) throw new Error(`${service.name}: its release was not built`);
      const hosts = hostsOf(pipeline, service);
      const used = [...topics].flatMap(([topic, resource]) => (usesTopic(service, topic) ? [resource] : []));
      const needs = [declared, ...used];
      new OperatorService(service.name, { pipeline, service, hosts, release, nodes, nodeHome, needs }, parent);
    }
    this.registerOutputs();
  }
}

/** The host of each replica. */
function hostsOf({ cluster }: declaration.Pipeline, { name, on }: declaration.Service): declaration.Host[] {
  return on.map((each) => {
    const host = cluster.hosts.find((one) => one.name === each);
    if (host === undefined) throw new Error(`${name}: no host ${each}; the loader lets no such pipeline pass`);
    return host;
  });
}

function usesTopic(service: declaration.Service, topic: string): boolean {
  const { input, output, changelogTopic, deadLetterTopic } = service;
  const streams = [input, output].flatMap((end) => declaration.topicsOf(end).map((each) => each.topic));
  return [changelogTopic, deadLetterTopic, ...streams].includes(topic);
}
