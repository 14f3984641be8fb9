import type { HostAddress } from "../ssh/host-error.ts";
import { HostError } from "../ssh/host-error.ts";
import { execute } from "./execute.ts";
import { probeFailed, sh } from "./host-resource.ts";
import type { ResourceType, Session } from "./resource-type.ts";
import { stopUnit } from "./unit.ts";

export interface DeclaredServicesArgs {
  readonly pipeline: string;
  /** Addresses of the cluster's hosts. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Unit of each operator service, with its suffix, and where it runs. */
  readonly units: Readonly<Record<string, HostAddress>>;
}

export interface DeclaredServicesState extends DeclaredServicesArgs {
  /** Every pipeline that the stack has had: their units are its own, also where an `up` was killed before it took them away. */
  readonly pipelines?: readonly string[];
}

/**
 * The list of a pipeline's services. The engine takes away last what is no longer declared; a service that was renamed
 * would meanwhile write beside the one of its new name. So the units that leave this list are stopped when it changes,
 * and every service waits for that. And no pipeline comes to hosts where another stack has its own: both would think the
 * brokers theirs, and units and topics of one name.
 */
export const declaredServices: ResourceType<DeclaredServicesArgs, DeclaredServicesState> = {
  token: "bramble:systemd:DeclaredServices",
  replaceOn: [],
  deleteBeforeReplace: false,
  local: [],
  id: () => "declared-services",
  observe: async (_session, args) => args,
  validate: (session, want, _have, _owned, recorded) => refuseForeignServices(session, want, recorded),
  async apply(session, want, _have, _owned, recorded) {
    await refuseForeignServices(session, want, recorded);
    const leaving = Object.entries(recorded?.units ?? {}).filter(([unit]) => !(unit in want.units));
    for (const [unit, target] of leaving) await execute(session, target, [stopUnit(unit)]);
    return { ...want, pipelines: own(want, recorded) };
  },
  steps: () => [],
  async remove() {},
};

/** `path:Description=bramble PIPELINE: SERVICE` of each service's unit on a host. */
const descriptions = sh('grep -H "^Description=bramble " -- /etc/systemd/system/bramble-*.service 2>/dev/null || true');

async function refuseForeignServices(
  session: Session,
  want: DeclaredServicesArgs,
  recorded: DeclaredServicesState | undefined,
): Promise<void> {
  const known = own(want, recorded);
  const errors = await Promise.all(
    Object.entries(want.hosts).map(async ([host, address]) => {
      const target = { host, address };
      const [result] = await (await session.host(target)).observe([descriptions]);
      if (result?.exitCode !== 0) throw probeFailed(target, "its units", result);
      const foreign = [...result.stdout.matchAll(/([^/]+\.service):Description=bramble (\S+): /g)].filter(
        ([, unit = "", pipeline = ""]) => !known.includes(pipeline) && !(unit in (recorded?.units ?? {})),
      );
      return foreign.length === 0 ? [] : [hostError(target, want, foreign)];
    }),
  );
  const all = errors.flat();
  if (all.length > 0) throw new AggregateError(all, all.map(({ message }) => message).join("\n"));
}

function own({ pipeline }: DeclaredServicesArgs, recorded: DeclaredServicesState | undefined): string[] {
  return [...new Set([...(recorded?.pipelines ?? []), pipeline])];
}

function hostError(
  target: HostAddress,
  { pipeline }: DeclaredServicesArgs,
  foreign: readonly RegExpExecArray[],
): HostError {
  const theirs = [...new Set(foreign.map(([, , other]) => other))].sort().join(", ");
  const units = foreign.map(([, unit]) => unit).sort();
  return new HostError(target, {
    found: `the host has services of another stack's pipeline, ${theirs} (${units.join(", ")})`,
    expected: `only those of ${pipeline}, as a cluster has one pipeline`,
    next:
      "Remove the other pipeline with its own stack (`pulumi destroy`), or use other Pis. If that stack is lost: " +
      `\`cd /etc/systemd/system && sudo systemctl disable --now ${units.join(" ")} && sudo rm ${units.join(" ")}\`.`,
  });
}
