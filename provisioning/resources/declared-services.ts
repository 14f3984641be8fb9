import type { HostPlace } from "../ssh/host-fault.ts";
import { HostFault } from "../ssh/host-fault.ts";
import { execute } from "./execute.ts";
import { cannotTell, sh } from "./host-resource.ts";
import type { ResourceType, Session } from "./resource-type.ts";
import { stopUnit } from "./unit.ts";

export interface DeclaredServicesArgs {
  readonly pipeline: string;
  /** Addresses of the cluster's hosts. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Unit of each operator service, with its suffix, and where it runs. */
  readonly units: Readonly<Record<string, HostPlace>>;
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
  foresee: (session, want, _have, _owned, recorded) => refuseStrangers(session, want, recorded),
  async apply(session, want, _have, _owned, recorded) {
    await refuseStrangers(session, want, recorded);
    const leaving = Object.entries(recorded?.units ?? {}).filter(([unit]) => !(unit in want.units));
    for (const [unit, place] of leaving) await execute(session, place, [stopUnit(unit)]);
    return { ...want, pipelines: own(want, recorded) };
  },
  steps: () => [],
  async remove() {},
};

/** `path:Description=bramble PIPELINE: SERVICE` of each service's unit on a host. */
const descriptions = sh('grep -H "^Description=bramble " -- /etc/systemd/system/bramble-*.service 2>/dev/null || true');

async function refuseStrangers(
  session: Session,
  want: DeclaredServicesArgs,
  recorded: DeclaredServicesState | undefined,
): Promise<void> {
  const known = own(want, recorded);
  const faults = await Promise.all(
    Object.entries(want.hosts).map(async ([host, address]) => {
      const place = { host, address };
      const [result] = await (await session.host(place)).observe([descriptions]);
      if (result?.exitCode !== 0) throw cannotTell(place, "its units", result);
      const strangers = [...result.stdout.matchAll(/([^/]+\.service):Description=bramble (\S+): /g)].filter(
        ([, unit = "", pipeline = ""]) => !known.includes(pipeline) && !(unit in (recorded?.units ?? {})),
      );
      return strangers.length === 0 ? [] : [fault(place, want, strangers)];
    }),
  );
  const all = faults.flat();
  if (all.length > 0) throw new AggregateError(all, all.map(({ message }) => message).join("\n"));
}

function own({ pipeline }: DeclaredServicesArgs, recorded: DeclaredServicesState | undefined): string[] {
  return [...new Set([...(recorded?.pipelines ?? []), pipeline])];
}

function fault(place: HostPlace, { pipeline }: DeclaredServicesArgs, strangers: readonly RegExpExecArray[]): HostFault {
  const theirs = [...new Set(strangers.map(([, , other]) => other))].sort().join(", ");
  const units = strangers.map(([, unit]) => unit).sort();
  return new HostFault(place, {
    found: `services of another stack's pipeline, ${theirs} (${units.join(", ")})`,
    wanted: `none but those of ${pipeline}, as a cluster has one pipeline`,
    next:
      "Take that away with its own stack (`pulumi destroy`), or use other Pis. If the stack is lost: " +
      `\`cd /etc/systemd/system && sudo systemctl disable --now ${units.join(" ")} && sudo rm ${units.join(" ")}\`.`,
  });
}
