import { Connection, type TimeLimits } from "./connection.ts";
import { type HostAddress, HostError } from "./host-error.ts";
import { knownHostsFile, pinnedKeys, readKnownHosts } from "./known-hosts.ts";
import type { Login } from "./login.ts";

/** Logs in to a host whose key `bramble trust` has pinned, and to no other. Throws a {@link HostError}. */
export async function openPinned(target: HostAddress, login: Login, limits?: TimeLimits): Promise<Connection> {
  const pinned = pinnedKeys(readKnownHosts(knownHostsFile()), target.address, login.port);
  if (pinned.length > 0) return Connection.open(target, login, pinned, limits);
  throw new HostError(target, {
    code: "host-key-refused",
    found: "no pinned host key",
    next: `Run \`npx bramble trust ${target.host}\`, so that no other machine can answer in its place.`,
  });
}
