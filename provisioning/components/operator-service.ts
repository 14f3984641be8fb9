import * as pulumi from "@pulumi/pulumi";
import type * as declaration from "../../declaration/pipeline.ts";
import type { ServiceRelease } from "../service-release.ts";
import { Release, Unit } from "./resources.ts";
import { running, unitFile } from "./unit-file.ts";

export interface OperatorServiceArgs {
  readonly pipeline: declaration.Pipeline;
  readonly service: declaration.Service;
  readonly host: declaration.Host;
  readonly release: ServiceRelease;
  readonly node: pulumi.Resource;
  readonly nodeHome: string;
  /** What must be there before it starts: its topics, and nobody in its way. */
  readonly needs: pulumi.Resource[];
}

/** One service of a pipeline: its release on a host and the unit that runs it. */
export class OperatorService extends pulumi.ComponentResource {
  constructor(name: string, args: OperatorServiceArgs, opts: pulumi.ComponentResourceOptions) {
    super("bramble:pipeline:OperatorService", name, {}, opts);
    const { pipeline, service, host, release, node, nodeHome, needs } = args;
    const place = { host: host.name, address: host.address };
    const path = `/opt/bramble/releases/${service.name}/${release.digest}`;
    const files = new Release(
      `${name}-release`,
      { ...place, path, files: release.files, sources: release.sources },
      { parent: this, dependsOn: node },
    );
    new Unit(
      `${name}-unit`,
      {
        ...place,
        name: serviceUnitName(service.name),
        content: serviceUnit({
          description: `${pipeline.name}: ${service.name}`,
          node: `${nodeHome}/bin/node`,
          releasePath: path,
          ...(service.apply.some(({ stateful }) => stateful) ? { cache: `bramble-${service.name}` } : {}),
        }),
        ...running,
        // A release never changes, as another has another path; but it can be damaged, and then its process with it.
        reads: Object.fromEntries(Object.entries(release.files).map(([file, sum]) => [`${path}/${file}`, sum])),
        readyPort: 0, // Type=notify: systemctl itself waits
        rolls: "freely",
      },
      { parent: this, dependsOn: [files, node, ...needs] },
    );
    this.registerOutputs();
  }
}

export function serviceUnitName(service: string): string {
  return `bramble-${service}.service`;
}

/** The unit of an operator service: no rights but to talk to Kafka, to write its journal, and its copy of its state. Pure. */
export function serviceUnit(options: {
  readonly description: string;
  readonly node: string;
  readonly releasePath: string;
  /** Folder below /var/cache for the copy of its operators' state, if they have any; systemd makes it. */
  readonly cache?: string;
}): string {
  const { description, node, releasePath, cache } = options;
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
      ["ExecStart", `${node} ${releasePath}/service.mjs`],
      ["WorkingDirectory", releasePath],
      ["Environment", "NODE_ENV=production"],
      ...(cache === undefined ? [] : [["CacheDirectory", cache] as const]),
      ["TimeoutStartSec", "90"],
      // It stops within 2 s, or hangs.
      ["TimeoutStopSec", "5"],
      ["WatchdogSec", "60"],
      ["Restart", "always"],
      ["RestartSec", "1"],
      ["DynamicUser", "yes"],
      ["ProtectSystem", "strict"],
      ["ProtectHome", "yes"],
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
      ["MemoryMax", "256M"],
      // The journal is where a sink prints every value: by default it drops what is more than 10,000 lines in 30 s.
      ["LogRateLimitIntervalSec", "0"],
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}
