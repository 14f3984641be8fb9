import * as pulumi from "@pulumi/pulumi";
import type * as declaration from "../../declaration/pipeline.ts";
import type { UnitArgs } from "../resources/unit.ts";
import { File, Unit } from "./resources.ts";
import { checksums, daemonUnit, propertiesFile, running } from "./unit-file.ts";

export interface DaemonArgs {
  readonly cluster: declaration.Cluster;
  readonly host: declaration.Host;
  /** Name of the unit with its suffix, and the group in which it restarts. */
  readonly unit: string;
  readonly rolls: UnitArgs["rolls"];
  readonly description: string;
  readonly after?: readonly string[];
  /** Base of the state and log folders below /var/lib and /var/log. */
  readonly folder: string;
  readonly heap: string;
  /** Launcher in Kafka's bin/ that takes the properties file as its argument. */
  readonly launcher: string;
  /** Name of the properties file in Kafka's config/, and what it says. */
  readonly file: string;
  readonly properties: Readonly<Record<string, string>>;
  /** Command to run before each start. */
  readonly before?: string;
  /** TCP port that answers once it has started. */
  readonly port: number;
  /** What the host needs before anything of the daemon is put on it. */
  readonly files: pulumi.Resource[];
  /** Daemons that must run before this one starts, and as long as it does. */
  readonly needs?: pulumi.Resource[];
}

/** A daemon from Kafka's archive: its properties file, and the unit that runs with it. */
export class Daemon extends pulumi.ComponentResource {
  readonly unit: pulumi.Resource;

  constructor(type: string, name: string, args: DaemonArgs, opts: pulumi.ComponentResourceOptions) {
    super(type, name, {}, opts);
    const { cluster, host, heap, files, before } = args;
    const { home } = cluster.kafka;
    const target = { host: host.name, address: host.address };
    const path = configPath(cluster, args.file);
    const content = propertiesFile(args.properties);
    const config = new File(
      `${name}-config`,
      { ...target, path, content, mode: "0644", owner: "root:root" },
      { parent: this, dependsOn: files },
    );
    this.unit = new Unit(
      `${name}-unit`,
      {
        ...target,
        name: args.unit,
        content: daemonUnit({
          // The version is part of it, so that another one restarts what runs.
          description: `${args.description} (Kafka ${cluster.kafka.version})`,
          after: args.after ?? [],
          folder: args.folder,
          environment: { KAFKA_HEAP_OPTS: `-Xms${heap} -Xmx${heap}` },
          ...(before === undefined ? {} : { execStartPre: before }),
          execStart: `${home}/bin/${args.launcher} ${path}`,
        }),
        ...running,
        reads: checksums({ [path]: content }),
        readyPort: args.port,
        rolls: args.rolls,
      },
      { parent: this, dependsOn: [config, ...files, ...(args.needs ?? [])] },
    );
    this.registerOutputs();
  }
}

/** Where a properties file of this name is on every host. */
export function configPath(cluster: declaration.Cluster, file: string): string {
  return `${cluster.kafka.home}/config/${file}`;
}
