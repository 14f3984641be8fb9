import type { HostStatus } from "../lab/status.ts";
import { columns } from "./columns.ts";
import { duration } from "./duration.ts";

/** One line a host under a line of headings, in columns. */
export function statusTable(hosts: readonly HostStatus[]): string {
  const rows = [
    ["HOST", "ADDRESS", "STATE", "SSH", "FAILED UNITS", "UPTIME"],
    ...hosts.map(({ host, state, ssh, failedUnits, uptimeSeconds }) => [
      host.name,
      host.address,
      state,
      ssh ? "answers" : "silent",
      failedUnits === undefined ? "-" : failedUnits.join(" ") || "none",
      uptimeSeconds === undefined ? "-" : duration(uptimeSeconds),
    ]),
  ];
  return columns(rows);
}
