import { test } from "@jest/globals";
import { onHost } from "./programs.ts";
import { hosts } from "./virtual-pis.ts";

/** A test that, when it fails, also tells what the units of every host said last. */
export function story(name: string, tell: () => Promise<void>, timeoutMs?: number): void {
  test(
    name,
    async () => {
      try {
        await tell();
      } catch (error) {
        const journals = await Promise.all(hosts.map(lastLines));
        if (error instanceof Error) error.message = [error.message, ...journals].join("\n\n");
        throw error;
      }
    },
    timeoutMs,
  );
}

/** Every service, without the numbers that it printed, and what the daemons warned of. */
async function lastLines(host: string): Promise<string> {
  const line = `
    for unit in $(systemctl list-units --all --plain --no-legend kafka.service zookeeper.service 'bramble-*.service' | awk '{print $1}'); do
      echo "-- $unit: $(systemctl is-active $unit)"
      case $unit in bramble-*) said='[a-z]{3}' ;; *) said="$unit|WARN|ERROR|FATAL" ;; esac
      sudo journalctl --no-pager --quiet --output=short --lines=6 --grep="$said" --unit=$unit | cut -c1-220
    done`;
  try {
    return `${host}: last lines of its units\n${await onHost(host, line, { timeoutMs: 10_000 })}`;
  } catch (error) {
    return `${host}: has nothing to say (${(error as Error).message.split("\n")[0]})`;
  }
}
