import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { loadPipeline } from "../declaration/load-pipeline.ts";
import type { HostAddress } from "../provisioning/ssh/host-error.ts";
import { scanHostKeys } from "../provisioning/ssh/host-keys.ts";
import {
  fingerprint,
  type HostKey,
  knownHostsFile,
  pin,
  pinnedKeys,
  readKnownHosts,
} from "../provisioning/ssh/known-hosts.ts";
import { agreed } from "./ask.ts";
import { stackConfig } from "./stack-config.ts";

export function trustCommand(): Command {
  return new Command("trust")
    .description("show the hosts' key fingerprints, ask once, and pin them; `pulumi up` accepts no other keys")
    .argument("[host...]", "the hosts to trust, after a reflash for example (default: all)")
    .option("--yes", "pin without asking")
    .option("--pipeline <file>", "pipeline file that names the hosts (default: the stack's)")
    .action(trust);
}

async function trust(names: string[], options: { yes?: boolean; pipeline?: string }): Promise<void> {
  const { plain: config } = stackConfig();
  const port = Number(config.port ?? 22);
  const { cluster } = await loadPipeline(options.pipeline ?? config.pipeline ?? "pipelines/kafka_chaining.yaml");
  const unknown = names.filter((name) => !cluster.hosts.some((host) => host.name === name));
  if (unknown.length > 0) {
    const declared = cluster.hosts.map(({ name }) => name).join(", ");
    throw new Error(`there is no host ${unknown.join(", ")} in the pipeline; its hosts are ${declared}`);
  }
  const targets = cluster.hosts
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map(({ name, address }) => ({ host: name, address }));

  const scans = await Promise.allSettled(targets.map((target) => scanHostKeys(target, port)));
  const silent = scans.flatMap((scan) => (scan.status === "rejected" ? [(scan.reason as Error).message] : []));
  const file = knownHostsFile();
  const before = readKnownHosts(file);
  const found = targets.flatMap((target, index) => {
    const scan = scans[index];
    return scan?.status === "fulfilled" ? [{ target, keys: scan.value }] : [];
  });
  const fresh = found.filter(({ target, keys }) => !isPinned(pinnedKeys(before, target.address, port), keys));
  for (const { target, keys } of found) show(target, keys, pinnedKeys(before, target.address, port));
  const pinFresh = () => {
    const after = fresh.reduce((text, { target, keys }) => pin(text, target.address, port, keys), before);
    writeFileSync(file, after);
    console.log(`Pinned in ${file}.`);
  };
  if (fresh.length > 0) {
    const question = `Pin the keys of ${fresh.length === 1 ? "this host" : `these ${fresh.length} hosts`}?`;
    const answers = {
      unasked: "Compare the fingerprints, then add --yes.",
      otherwise: "Nothing was pinned.",
    };
    await agreed(question, options.yes === true, answers).then(pinFresh, ({ message }) => silent.push(message));
  }
  if (silent.length > 0) throw new Error(silent.join("\n"));
}

function isPinned(pinned: readonly HostKey[], keys: readonly HostKey[]): boolean {
  return keys.length === pinned.length && keys.every(({ blob }) => pinned.some((key) => key.blob === blob));
}

function show({ host, address }: HostAddress, keys: readonly HostKey[], pinned: readonly HostKey[]): void {
  const state = pinned.length === 0 ? "new" : isPinned(pinned, keys) ? "pinned" : "CHANGED";
  const line = (when: string, key: HostKey) => console.log(`  ${when}${key.type.padEnd(20)} ${fingerprint(key)}`);
  console.log(`${host}  ${address}  ${state}`);
  for (const key of keys) line(state === "CHANGED" ? "is   " : "", key);
  if (state === "CHANGED") for (const key of pinned) line("was  ", key);
}
