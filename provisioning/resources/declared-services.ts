import type { HostPlace } from "../ssh/host-fault.ts";
import { execute } from "./execute.ts";
import type { ResourceType } from "./resource-type.ts";
import { stopUnit } from "./unit.ts";

export interface DeclaredServicesArgs {
  /** Unit of each operator service, with its suffix, and where it runs. */
  readonly units: Readonly<Record<string, HostPlace>>;
}

/**
 * The list of a pipeline's services. The engine takes away last what is no longer declared; a service that was renamed
 * would meanwhile write beside the one of its new name. So the units that leave this list are stopped when it changes,
 * and every service waits for that.
 */
export const declaredServices: ResourceType<DeclaredServicesArgs, DeclaredServicesArgs> = {
  token: "bramble:systemd:DeclaredServices",
  replaceOn: [],
  deleteBeforeReplace: false,
  local: [],
  id: () => "declared-services",
  observe: async (_session, args) => args,
  async foresee() {},
  async apply(session, want, _have, _owned, recorded) {
    const leaving = Object.entries(recorded?.units ?? {}).filter(([unit]) => !(unit in want.units));
    for (const [unit, place] of leaving) await execute(session, place, [stopUnit(unit)]);
    return want;
  },
  steps: () => [],
  async remove() {},
};
