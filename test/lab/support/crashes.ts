import { setTimeout as sleep } from "node:timers/promises";
import { kill, start } from "../../../lab/faults.ts";
import { onHost } from "./programs.ts";
import { seededRandom } from "./seeded-random.ts";
import { hostOf, hosts, lab } from "./virtual-pis.ts";

/** SIGKILL for the main process of a unit, or the plug of a host pulled and put back. */
export type Crash =
  | { readonly afterMs: number; readonly unit: string; readonly host: string }
  | { readonly afterMs: number; readonly host: string; readonly offMs: number };

/** What dies in each six crashes, in an order that differs. */
const SHARE = ["service", "service", "service", "service", "broker", "host"] as const;

/** Short enough that many a crash meets what the one before has not recovered from yet. */
const PAUSE_MS = [500, 7000] as const;
const OFF_MS = 3000;

/** Crashes of services, brokers and hosts, the same ones for the same seed; each a pause after the one before. */
export function crashesOf(seed: number, count: number, services: Readonly<Record<string, string>>): Crash[] {
  const random = seededRandom(seed);
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const [shortest, longest] = PAUSE_MS;
  let deck: (typeof SHARE)[number][] = [];
  return Array.from({ length: count }, () => {
    if (deck.length === 0) deck = [...SHARE];
    const [kind] = deck.splice(Math.floor(random() * deck.length), 1);
    const afterMs = Math.round(shortest + random() * (longest - shortest));
    if (kind === "broker") return { afterMs, unit: "kafka.service", host: oneOf(hosts) };
    if (kind === "host") return { afterMs, host: oneOf(hosts), offMs: Math.round(random() * OFF_MS) };
    const [service, host] = oneOf(Object.entries(services));
    return { afterMs, unit: `bramble-${service}.service`, host };
  });
}

/** Waits, lets it happen, and tells what happened. A process that is not there yet is waited for: each crash ends one. */
export async function suffer(crash: Crash): Promise<string> {
  const { afterMs, host } = crash;
  await sleep(afterMs);
  if ("unit" in crash) {
    const strike = `sudo systemctl kill --kill-whom=main --signal=KILL ${crash.unit}`;
    await onHost(host, `until ${strike} 2>/dev/null; do sleep 0.1; done`);
    return `kill -9 of ${host}/${crash.unit}`;
  }
  await kill(lab, hostOf(host));
  await sleep(crash.offMs);
  await start(lab, hostOf(host));
  return `${host} off, for ${crash.offMs} ms and the time that it takes to boot`;
}
