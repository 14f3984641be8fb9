import ssh2 from "ssh2";
import { explainConnectError } from "./connect-error.ts";
import type { HostAddress } from "./host-error.ts";
import { type HostKey, hostKeyFromBlob } from "./known-hosts.ts";

const keyTypes: ssh2.ServerHostKeyAlgorithm[][] = [
  ["ssh-ed25519"],
  ["ecdsa-sha2-nistp256"],
  ["rsa-sha2-512", "rsa-sha2-256"],
];

/** The host keys that a host presents now, one of each type it has, without logging in (as ssh-keyscan(1)). */
export async function scanHostKeys(target: HostAddress, port: number): Promise<HostKey[]> {
  const keys = await Promise.all(keyTypes.map((algorithms) => scanOne(target, port, algorithms)));
  const found = keys.filter((key) => key !== undefined);
  if (found.length > 0) return found;
  throw explainConnectError(target, { user: "", port }, new Error("no host key offered"), [], undefined);
}

function scanOne(target: HostAddress, port: number, algorithms: ssh2.ServerHostKeyAlgorithm[]) {
  return new Promise<HostKey | undefined>((resolve, reject) => {
    const client = new ssh2.Client();
    let key: HostKey | undefined;
    client.on("error", (error: Error & { code?: string }) => {
      if (key !== undefined) resolve(key);
      // The server has no key of this type.
      else if (/no matching/i.test(error.message)) resolve(undefined);
      else reject(explainConnectError(target, { user: "", port }, error, [], undefined));
    });
    client.connect({
      host: target.address,
      port,
      username: "",
      readyTimeout: 10_000,
      algorithms: { serverHostKey: algorithms },
      hostVerifier: (blob: Buffer) => {
        key = hostKeyFromBlob(blob);
        return false; // seen is enough
      },
    });
  });
}
