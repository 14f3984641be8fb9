import { HostFault, type HostPlace } from "./host-fault.ts";
import { fingerprint, type HostKey } from "./known-hosts.ts";
import type { Login } from "./login.ts";

/** A refresh logs in with what the last `up` recorded, unless the program tells it anew. */
const fromTheStart = "Then `pulumi up --run-program`, which takes it up from the start.";

/** Turns ssh2's error into one sentence with found, wanted and next step. */
export function explainConnectError(
  place: HostPlace,
  login: Login,
  error: Error & { level?: string; code?: string },
  pinned: readonly HostKey[],
  presented: HostKey | undefined,
): HostFault {
  const where = `${place.address} port ${login.port}`;
  const fault = (found: string, wanted: string, next: string) =>
    new HostFault(place, { found, wanted, next }, { cause: error });
  if (presented !== undefined && !pinned.some((key) => key.blob === presented.blob)) {
    return fault(
      `host key ${fingerprint(presented)} (${presented.type})`,
      `the pinned ${pinned.map(fingerprint).join(" or ")}`,
      `If the Pi was reflashed, run \`npx bramble trust ${place.host}\`; if not, something else answers at its address.`,
    );
  }
  if (error.level === "client-authentication") {
    return login.privateKey === undefined
      ? fault(
          `that user ${login.user} was refused with the configured password`,
          "a login",
          `Set the right one: \`pulumi config set --secret bramble:password\`. ${fromTheStart}`,
        )
      : fault(
          `that user ${login.user} was refused with the configured private key`,
          "a login",
          `Put its public key into ~/.ssh/authorized_keys on the Pi, or set another: \`pulumi config set --secret bramble:privateKey < KEYFILE\`. ${fromTheStart}`,
        );
  }
  if (/privateKey/.test(error.message)) {
    return fault(
      `a private key that cannot be read (${error.message})`,
      "an OpenSSH or PEM private key without a passphrase",
      "Set another: `pulumi config set --secret bramble:privateKey < KEYFILE`.",
    );
  }
  if (error.code === "ECONNREFUSED") {
    return fault(`no ssh server at ${where}`, "one", "Enable ssh on the Pi (`sudo systemctl enable --now ssh`).");
  }
  if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") {
    return fault(
      `no address for the name ${place.address}`,
      "one",
      "Write the Pi's IP address into the pipeline file.",
    );
  }
  return fault(
    `no answer from ${where} (${error.message})`,
    "an ssh server",
    "Check the Pi's power and cable, and that this machine is on its network. If it has another address now: write that " +
      `into the pipeline file, \`npx bramble trust ${place.host}\`, \`pulumi up --run-program\`. ` +
      `If it is gone for good: \`npx bramble forget ${place.host}\`.`,
  );
}
