import { setTimeout as sleep } from "node:timers/promises";
import { kill, start } from "../../../lab/faults.ts";
import { onHost } from "./programs.ts";
import { seededRandom } from "./seeded-random.ts";
import { hostOf, hosts, lab } from "./virtual-pis.ts";

/** SIGKILL for the main process of a unit, or the plug of a host pulled and put back. */
export type Crash = {
  /** How far the stream has got then, in offsets of the topic that its source writes. */
  readonly at: number;
  readonly host: string;
} & ({ readonly unit: string } | { readonly offMs: number });

/** What dies in each six crashes, in an order that differs. */
const SHARE = ["service", "service", "service", "service", "broker", "host"] as const;

const OFF_MS = 3000;

/**
 * Crashes of services, brokers and hosts, spread over so many offsets of a stream: for the same seed the same ones at the
 * same places. Some are so near to each other that the second meets what has not recovered from the first.
 */
export function crashesOf(
  seed: number,
  count: number,
  offsets: number,
  services: Readonly<Record<string, string>>,
): Crash[] {
  const random = seededRandom(seed);
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const places = Array.from({ length: count }, () => Math.floor(random() * offsets)).sort((a, b) => a - b);
  let deck: (typeof SHARE)[number][] = [];
  return places.map((at) => {
    if (deck.length === 0) deck = [...SHARE];
    const [kind] = deck.splice(Math.floor(random() * deck.length), 1);
    if (kind === "broker") return { at, unit: "kafka.service", host: oneOf(hosts) };
    if (kind === "host") return { at, host: oneOf(hosts), offMs: Math.round(random() * OFF_MS) };
    const [service, host] = oneOf(Object.entries(services));
    return { at, unit: `bramble-${service}.service`, host };
  });
}

/** Lets it happen, and tells what happened. A process that is not there yet is waited for: each crash ends one. */
export async function inflict(crash: Crash): Promise<string> {
  const { host } = crash;
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
