import { onHosts } from "./programs.ts";

/** Places that a running system writes to by itself, and those that logging in and looking around touches. */
const restless = [
  "/proc /sys /dev /run /tmp",
  "/var/log/journal /var/log/wtmp /var/log/lastlog /var/log/btmp",
  "/var/lib/systemd /var/cache",
].join(" ");

/** The accounts are written anew, with a copy of the old ones beside, by whoever adds one and takes it out again. */
const accounts = "/etc/passwd /etc/group /etc/shadow /etc/gshadow";

/**
 * Every file of a host but the restless ones, with mode, owner, size and time of change; one line each. Of accounts
 * only what is in them.
 */
const list = `sudo sh -fc '
  sha256sum ${accounts}
  prune=; for path in ${restless}; do prune="$prune -path $path -prune -o"; done
  for path in ${accounts}; do prune="$prune -path $path -prune -o -path $path- -prune -o"; done
  prune="$prune -name systemd-private-* -prune -o"
  find / -xdev $prune \\( -type d -printf "%p %m %u:%g\\n" -o -printf "%p %m %u:%g %s %T@ %l\\n" \\) | LC_ALL=C sort'`;

export type WholeHost = Readonly<Record<string, readonly string[]>>;

/** All files of hosts, to tell whether anything was done to them. */
export async function wholeHosts(among?: readonly string[]): Promise<WholeHost> {
  const lists = await onHosts(list, among);
  return Object.fromEntries(Object.entries(lists).map(([host, text]) => [host, text.split("\n")]));
}

/** What is there now and was not, or is there no more: `rpi0 + /etc/x ...`. */
export function differences(before: WholeHost, after: WholeHost): string[] {
  return Object.keys(after).flatMap((host) => {
    const [old, now] = [new Set(before[host]), new Set(after[host])];
    return [
      ...[...old].filter((line) => !now.has(line)).map((line) => `${host} - ${line}`),
      ...[...now].filter((line) => !old.has(line)).map((line) => `${host} + ${line}`),
    ];
  });
}
