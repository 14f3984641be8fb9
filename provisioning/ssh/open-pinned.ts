import { Connection, type TimeLimits } from "./connection.ts";
import { HostFault, type HostPlace } from "./host-fault.ts";
import { knownHostsFile, pinnedKeys, readKnownHosts } from "./known-hosts.ts";
import type { Login } from "./login.ts";

/** Logs in to a host whose key `bramble trust` has pinned, and to no other. Throws a {@link HostFault}. */
export async function openPinned(place: HostPlace, login: Login, limits?: TimeLimits): Promise<Connection> {
  const pinned = pinnedKeys(readKnownHosts(knownHostsFile()), place.address, login.port);
  if (pinned.length > 0) return Connection.open(place, login, pinned, limits);
  throw new HostFault(place, {
    found: "no pinned host key",
    wanted: "one, so that nobody else can answer in its place",
    next: `Run \`npx bramble trust ${place.host}\`.`,
  });
}
