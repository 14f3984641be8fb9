import type { HostStatus } from "../lab/status.ts";
import { columns } from "./columns.ts";

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

function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
