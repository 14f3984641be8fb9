import * as pulumi from "@pulumi/pulumi";
import type * as declaration from "../../declaration/pipeline.ts";
import { instanceName, serviceUnitName } from "../../declaration/unit-names.ts";
import { serviceCommand } from "../service-command.ts";
import type { ServiceRelease } from "../service-release.ts";
import { Release, Unit } from "./resources.ts";
import { running, unitFile } from "./unit-file.ts";

export interface OperatorServiceArgs {
  readonly pipeline: declaration.Pipeline;
  readonly service: declaration.Service;
  /** That of each replica, the first one first. */
  readonly hosts: readonly declaration.Host[];
  readonly release: ServiceRelease;
  /** Node by the name of the host. */
  readonly nodes: ReadonlyMap<string, pulumi.Resource>;
  readonly nodeHome: string;
  /** What must be there before it starts: its topics, and nobody in its way. */
  readonly needs: pulumi.Resource[];
}

/** One service of a pipeline: its release on each of its hosts, and the unit that runs each of its replicas. */
export class OperatorService extends pulumi.ComponentResource {
  constructor(name: string, args: OperatorServiceArgs, opts: pulumi.ComponentResourceOptions) {
    super("bramble:pipeline:OperatorService", name, {}, opts);
    const { pipeline, service, hosts, release, nodes, nodeHome, needs } = args;
    const path = `/opt/bramble/releases/${service.name}/${release.digest}`;
    const files = new Map<string, pulumi.Resource[]>();
    for (const { name: host, address } of hosts) {
      if (files.has(host)) continue;
      const node = [nodes.get(host) ?? []].flat();
      const ofHost = files.size === 0 ? name : `${name}@${host}`;
      const its = new Release(
        `${ofHost}-release`,
        { host, address, service: service.name, path, files: release.files, sources: release.sources },
        { parent: this, dependsOn: node },
      );
      files.set(host, [its, ...node]);
    }
    for (const [i, { name: host, address }] of hosts.entries()) {
      const replica = i + 1;
      new Unit(
        `${instanceName(name, replica)}-unit`,
        {
          host,
          address,
          service: service.name,
          replica,
          name: serviceUnitName(service.name, replica),
          content: serviceUnit({
            description: `${pipeline.name}: ${instanceName(service.name, replica)}`,
            node: `${nodeHome}/bin/node`,
            releasePath: path,
            replica,
            ...(service.apply.some(({ stateful }) => stateful)
              ? { cache: `bramble-${instanceName(service.name, replica)}` }
              : {}),
            ...(service.output.kind === "file" ? { files: filesFolder(service.name, replica) } : {}),
            seesHome: service.input.kind === "follow" && /^\/(home|root)\//.test(service.input.path),
          }),
          ...running,
          // A release never changes, as another has another path; but it can be damaged, and then its process with it.
          reads: Object.fromEntries(Object.entries(release.files).map(([file, sum]) => [`${path}/${file}`, sum])),
          readyPort: 0, // Type=notify: systemctl itself waits
          rolls: "freely",
        },
        { parent: this, dependsOn: [...(files.get(host) ?? []), ...needs] },
      );
    }
    this.registerOutputs();
  }
}

/** Below /var/lib: where the file of a service's sink is. @param replica from 1 */
export function filesFolder(service: string, replica: number): string {
  return `bramble-${instanceName(service, replica)}`;
}

/** The unit of an operator service: no rights but to talk to Kafka, to write its journal, and its copy of its state. Pure. */
export function serviceUnit(options: {
  readonly description: string;
  readonly node: string;
  readonly releasePath: string;
  /** From 1. */
  readonly replica: number;
  /** Folder below /var/cache for the copy of its operators' state, if they have any; systemd makes it. */
  readonly cache?: string;
  /** Folder below /var/lib for the file of its sink, if it has one; systemd makes it, and nobody takes it away. */
  readonly files?: string;
  /** Whether what it reads is in somebody's home. */
  readonly seesHome?: boolean;
}): string {
  const { description, node, releasePath, replica, cache, files, seesHome = false } = options;
  return unitFile({
    Unit: [
      ["Description", `bramble ${description}`],
      ["Wants", "network-online.target"],
      ["After", "network-online.target kafka.service"],
      ["StartLimitIntervalSec", "0"],
    ],
    Service: [
      ["Type", "notify"],
      // Node has no datagram sockets of the Unix family: the systemd-notify program speaks for it.
      ["NotifyAccess", "all"],
      ["ExecStart", serviceCommand(node, releasePath, replica).join(" ")],
      ["WorkingDirectory", releasePath],
      ["Environment", "NODE_ENV=production"],
      ...(cache === undefined ? [] : [["CacheDirectory", cache] as const]),
      ...(files === undefined ? [] : [["StateDirectory", files] as const]),
      ["TimeoutStartSec", "90"],
      // It stops within 2 s, or hangs.
      ["TimeoutStopSec", "5"],
      ["WatchdogSec", "60"],
      ["Restart", "always"],
      ["RestartSec", "1"],
      ["DynamicUser", "yes"],
      ["ProtectSystem", "strict"],
      ["ProtectHome", seesHome ? "read-only" : "yes"],
      ["PrivateTmp", "yes"],
      ["PrivateDevices", "yes"],
      ["PrivateUsers", "yes"],
      ["ProtectKernelTunables", "yes"],
      ["ProtectControlGroups", "yes"],
      ["ProtectHostname", "yes"],
      ["ProtectProc", "invisible"],
      ["RestrictNamespaces", "yes"],
      ["RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"],
      ["RestrictRealtime", "yes"],
      ["RestrictSUIDSGID", "yes"],
      ["LockPersonality", "yes"],
      ["CapabilityBoundingSet", ""],
      ["SystemCallFilter", "@system-service"],
      ["SystemCallFilter", "~@privileged @resources"],
      // A limit, not a share: most take 60 to 100 MB; 280 were seen with records of 200,000 keys in a row.
      ["MemoryMax", "384M"],
      // The journal is where a sink prints every value, and by default it drops what is more than 10,000 lines in 30 s. That 0
      // means "no limit" is for journald.conf alone; in a unit it means the default (systemd issue 22034).
      ["LogRateLimitIntervalSec", "1s"],
      ["LogRateLimitBurst", "100000000"],
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}
