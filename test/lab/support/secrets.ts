import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { inLab, onHosts } from "./programs.ts";
import { workspace } from "./stack.ts";
import { lab } from "./virtual-pis.ts";

/** Watches the arguments of every process of this machine, the hosts' included, while the work is done. */
export async function withArgumentsWatched<T>(secret: string, work: () => Promise<T>): Promise<[T, string[]]> {
  const seen = new Set<string>();
  let ended = false;
  const watch = async () => {
    while (!ended) {
      for (const pid of readdirSync("/proc")) {
        const argv = /^\d+$/.test(pid) ? argumentsOf(pid) : "";
        if (argv.includes(secret)) seen.add(argv.replaceAll("\0", " ").slice(0, 200));
      }
      await sleep(10);
    }
  };
  const watching = watch();
  try {
    return [await work(), [...seen]];
  } finally {
    ended = true;
    await watching;
  }
}

/** Files and journals, of the hosts and of the deploying machine, that hold a secret in clear. */
export async function placesOf(secret: string): Promise<string[]> {
  // It goes in on standard input: sudo writes its arguments to the journal.
  const line = `read -r secret; for place in /etc /opt/kafka/config /opt/bramble/releases /var/lib /var/log /run /tmp /home; do
    printf '%s\\n' "$secret" | sudo grep -rlsF -f - "$place"; done
    sudo journalctl --no-pager --quiet --output=verbose > /tmp/journal; printf '%s\\n' "$secret" | grep -cF -f - /tmp/journal; sudo rm /tmp/journal`;
  const onThem = await onHosts(line, undefined, { input: `${secret}\n` });
  const here = await inLab(["grep", "-rlF", "-f", "-", workspace, lab.pulumiState, lab.knownHosts, ".build"], {
    input: `${secret}\n`,
  });
  return [
    ...Object.entries(onThem).flatMap(([host, found]) => (found === "0" ? [] : [`${host}: ${found}`])),
    ...here.stdout.split("\n").filter((path) => path !== ""),
  ];
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // Gone meanwhile.
  }
}
