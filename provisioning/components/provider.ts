import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../../declaration/pipeline.ts";

export interface ProviderArgs {
  readonly user: string;
  readonly port: number;
  readonly password?: pulumi.Output<string>;
  readonly privateKey?: pulumi.Output<string>;
  readonly hosts: readonly Host[];
  readonly bootstrapServers: readonly string[];
  readonly zookeepers: readonly string[];
  readonly controllers: readonly string[];
}

/** The plugin in provisioning/provider, told how to reach the hosts. */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs) {
    super("bramble", name, {
      ...args,
      port: String(args.port),
      // Provider configuration travels as text.
      hosts: JSON.stringify(Object.fromEntries(args.hosts.map(({ name, address, id }) => [name, { address, id }]))),
      bootstrapServers: JSON.stringify(args.bootstrapServers),
      zookeepers: JSON.stringify(args.zookeepers),
      controllers: JSON.stringify(args.controllers),
    });
  }
}
