import * as pulumi from "@pulumi/pulumi";
import type { ArchiveArgs } from "../resources/archive.ts";
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

export const Machine = declare<MachineArgs>("bramble:host:Machine");
export const File = declare<FileArgs>("bramble:host:File");
export const Archive = declare<ArchiveArgs>("bramble:host:Archive");
export const Release = declare<ReleaseArgs>("bramble:host:Release");
export const Unit = declare<UnitArgs>("bramble:systemd:Unit");
export const Topic = declare<TopicArgs>("bramble:kafka:Topic");
