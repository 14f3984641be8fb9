import { onHosts } from "./programs.ts";

export interface UnitState {
  readonly active: string;
  readonly enabled: string;
  readonly mainPid: string;
  readonly restarts: string;
}

const properties = "Id,ActiveState,UnitFileState,MainPID,NRestarts";
const show = `systemctl show --property=${properties} 'kafka.service' 'zookeeper.service' 'bramble-*.service'`;

/** Every unit of bramble as systemd has it, as `rpi1/kafka.service`. */
export async function unitStates(among?: readonly string[]): Promise<Record<string, UnitState>> {
  const answers = await onHosts(show, among);
  return Object.fromEntries(
    Object.entries(answers).flatMap(([host, text]) =>
      text.split("\n\n").map((block) => {
        const seen = new Map(block.split("\n").map((line) => line.split("=", 2) as [string, string]));
        const state = {
          active: seen.get("ActiveState") ?? "",
          enabled: seen.get("UnitFileState") ?? "",
          mainPid: seen.get("MainPID") ?? "",
          restarts: seen.get("NRestarts") ?? "",
        };
        return [`${host}/${seen.get("Id")}`, state] as const;
      }),
    ),
  );
}

/** The units whose process is another one than before, or that came or went. */
export function restarted(before: Record<string, UnitState>, after: Record<string, UnitState>): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.filter((name) => before[name]?.mainPid !== after[name]?.mainPid);
}

/** `bramble-con1.service` and the like of a pipeline's placement, with the daemons of every host. */
export function unitsOf(
  placement: Readonly<Record<string, string>>,
  hosts: readonly string[],
  daemons: readonly string[] = ["kafka", "zookeeper"],
): string[] {
  return [
    ...hosts.flatMap((host) => daemons.map((daemon) => `${host}/${daemon}.service`)),
    ...Object.entries(placement).map(([service, host]) => `${host}/bramble-${service}.service`),
  ].sort();
}
