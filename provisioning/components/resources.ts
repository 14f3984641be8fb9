import * as pulumi from "@pulumi/pulumi";
import type { DeclaredPipeline } from "../impact/declared-pipeline.ts";
import type { ArchiveArgs } from "../resources/archive.ts";
import type { DeclaredBrokersArgs } from "../resources/declared-brokers.ts";
import type { DeclaredServicesArgs } from "../resources/declared-services.ts";
import type { DeclaredTopicsArgs } from "../resources/declared-topics.ts";
import type { DynamicBrokerConfigArgs } from "../resources/dynamic-broker-config.ts";
import type { FileArgs } from "../resources/file.ts";
import type { MachineArgs } from "../resources/machine.ts";
import type { ReleaseArgs } from "../resources/release.ts";
import type { TopicArgs } from "../resources/topic.ts";
import type { UnitArgs } from "../resources/unit.ts";

/** The program's side of a typed resource: the inputs go to the provider, which does the rest. */
function declare<Args extends object>(token: string) {
  return class extends pulumi.CustomResource {
    constructor(name: string, args: { [K in keyof Args]: pulumi.Input<Args[K]> }, opts?: pulumi.CustomResourceOptions) {
      super(token, name, args, opts);
    }
  };
}

/** The one resource that tells the program something it did not know: the host's architecture. */
export class Machine extends pulumi.CustomResource {
  /** As uname -m says. Known in preview too, as the host is looked at then. */
  declare readonly machine: pulumi.Output<string>;

  constructor(name: string, args: MachineArgs, opts?: pulumi.CustomResourceOptions) {
    super("bramble:host:Machine", name, { machine: undefined, ...args }, opts);
  }
}

export const File = declare<FileArgs>("bramble:host:File");
export const Archive = declare<ArchiveArgs>("bramble:host:Archive");
export const Release = declare<ReleaseArgs>("bramble:host:Release");
export const Unit = declare<UnitArgs>("bramble:systemd:Unit");
export const Topic = declare<TopicArgs>("bramble:kafka:Topic");
export const DeclaredTopics = declare<DeclaredTopicsArgs>("bramble:kafka:DeclaredTopics");
export const Impact = declare<DeclaredPipeline>("bramble:pipeline:Impact");
export const DeclaredBrokers = declare<DeclaredBrokersArgs>("bramble:kafka:DeclaredBrokers");
export const DeclaredServices = declare<DeclaredServicesArgs>("bramble:systemd:DeclaredServices");
export const DynamicBrokerConfig = declare<DynamicBrokerConfigArgs>("bramble:kafka:DynamicBrokerConfig");
