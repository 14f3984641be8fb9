import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../declaration/pipeline.ts";
import { HostError } from "./ssh/host-error.ts";
import { type HostKey, knownHostsFile, pinnedKeys, readKnownHosts } from "./ssh/known-hosts.ts";

/**
 * Key types in the order in which Go's ssh client, which the command plugin uses, asks a server for them: it takes the
 * first that the server has, whatever key it is told to expect.
 */
const preference = ["ecdsa-sha2-nistp256", "ssh-rsa", "ssh-ed25519"];

/** The pinned key of every host, as one line of a public key file. Throws a RunError that names all hosts without one. */
export function trustedHosts(
  hosts: readonly Pick<Host, "name" | "address">[],
  port: number,
): ReadonlyMap<string, string> {
  const file = knownHostsFile();
  const text = readKnownHosts(file);
  const keys = hosts.map((host) => [host, preferred(pinnedKeys(text, host.address, port))] as const);
  const errors = keys.flatMap(([{ name, address }, key]) =>
    key === undefined
      ? [new HostError({ host: name, address }, { found: `no pinned host key in ${file}`, next: "" })]
      : [],
  );
  if (errors.length > 0) {
    const next = "Run `npx bramble trust`, which shows the fingerprints and pins them.";
    throw new pulumi.RunError(`${errors.map(({ message }) => message.trimEnd()).join("\n")}\n${next}`);
  }
  return new Map(keys.map(([{ name }, key]) => [name, `${key?.type} ${key?.blob}`]));
}

function preferred(keys: readonly HostKey[]): HostKey | undefined {
  return preference.flatMap((type) => keys.filter((key) => key.type === type))[0] ?? keys[0];
}
