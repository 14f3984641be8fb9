import { type DeclaredServicesArgs, declaredServices } from "../resources/declared-services.ts";
import type { Command } from "../ssh/command.ts";
import { quote } from "../ssh/command.ts";
import { resourceType } from "./registry.ts";

/** The part of `pulumi stack export` that is looked at here; the rest passes through. */
export interface Deployment {
  readonly resources?: readonly StackResource[];
  readonly pending_operations?: readonly { readonly resource: StackResource }[];
}

export interface StackResource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly parent?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
}

export interface Forgotten<D> {
  /** The deployment without the host. */
  readonly deployment: D;
  /** What stays on the host, as the steps that would take it away, in their order. */
  readonly left: readonly Command[];
}

/** Takes a host that will not answer any more out of a stack's state. Pure: nothing is asked, nothing is done. */
export function forgetHost<D extends Deployment>(deployment: D, host: string): Forgotten<D> {
  const { resources = [], pending_operations = [] } = deployment;
  const gone = new Set(resources.filter((resource) => isOn(host, resource)).map(({ urn }) => urn));
  const left = resources
    .filter(({ urn }) => gone.has(urn))
    .reverse()
    .flatMap(removal);
  // Children come after their parents: from the end, a component whose children are all gone is gone too.
  for (const component of resources.filter(({ custom }) => !custom).reverse()) {
    const children = resources.filter(({ parent }) => parent === component.urn);
    if (children.length > 0 && children.every(({ urn }) => gone.has(urn))) gone.add(component.urn);
  }
  const stays = ({ urn }: StackResource) => !gone.has(urn);
  return {
    deployment: {
      ...deployment,
      resources: resources.filter(stays).map((resource) => withoutUnitsOn(host, independentOf(gone, resource))),
      pending_operations: pending_operations.filter(({ resource }) => stays(resource)),
    },
    left,
  };
}

/** A shell script that does, as root on the host, what `destroy` would have done there. */
export function removalScript(host: string, left: readonly Command[]): string {
  const steps = left.map(({ does, argv }) => `echo ${quote([does])}\n${quote(argv)} || failed=1`);
  return [
    "#!/bin/sh",
    `# Takes away what bramble left on ${host}. To be run on it as root; it may be run again.`,
    "failed=0",
    ...steps,
    'exit "$failed"',
    "",
  ].join("\n");
}

/** Account and data are a remote command, whose host is hidden in its connection, a secret: its name tells. */
function isOn(host: string, { type, urn, outputs }: StackResource): boolean {
  return type === dataToken ? urn.endsWith(`::${host}-data`) : outputs?.host === host;
}

function removal({ type, outputs = {}, inputs = {} }: StackResource): readonly Command[] {
  if (type !== dataToken) return resourceType(type).planDelete?.(outputs) ?? [];
  const { delete: line = "true" } = inputs;
  return [{ does: "remove account and data", argv: ["sh", "-c", String(line)] }];
}

const dataToken = "command:remote:Command";

function independentOf(gone: ReadonlySet<string>, resource: StackResource): StackResource {
  const { dependencies, propertyDependencies } = resource;
  const stays = (urn: string) => !gone.has(urn);
  return {
    ...resource,
    ...(dependencies && { dependencies: dependencies.filter(stays) }),
    ...(propertyDependencies && {
      propertyDependencies: Object.fromEntries(
        Object.entries(propertyDependencies).map(([property, urns]) => [property, urns.filter(stays)]),
      ),
    }),
  };
}

/** A unit on the host that left the list of services could not be stopped any more, and need not be. */
function withoutUnitsOn(host: string, resource: StackResource): StackResource {
  if (resource.type !== declaredServices.token) return resource;
  const stays = ({ units = {}, ...rest }: Readonly<Record<string, unknown>>) => ({
    ...rest,
    units: Object.fromEntries(
      Object.entries(units as DeclaredServicesArgs["units"]).filter(([, target]) => target.host !== host),
    ),
  });
  return {
    ...resource,
    ...(resource.inputs && { inputs: stays(resource.inputs) }),
    ...(resource.outputs && { outputs: stays(resource.outputs) }),
  };
}
