import { type HostAddress, HostError, type HostErrorCode } from "./host-error.ts";
import { fingerprint, type HostKey } from "./known-hosts.ts";
import type { Login } from "./login.ts";

/** A refresh logs in with what the last `up` recorded, unless the program tells it anew. */
const fromTheStart = "Then `pulumi up --run-program`, which takes it up from the start.";

/** Turns ssh2's error into one sentence with found, wanted and next step. */
export function explainConnectError(
  target: HostAddress,
  login: Login,
  error: Error & { level?: string; code?: string },
  pinned: readonly HostKey[],
  presented: HostKey | undefined,
): HostError {
  const where = `${target.address} port ${login.port}`;
  const hostError = (code: HostErrorCode, found: string, expected: string, next: string) =>
    new HostError(target, { code, found, expected, next }, { cause: error });
  if (presented !== undefined && !pinned.some((key) => key.blob === presented.blob)) {
    return hostError(
      "host-key-refused",
      `host key ${fingerprint(presented)} (${presented.type})`,
      `the pinned ${pinned.map(fingerprint).join(" or ")}`,
      `If the Pi was reflashed, run \`npx bramble trust ${target.host}\`; if not, something else answers at its address.`,
    );
  }
  if (error.level === "client-authentication") {
    return login.privateKey === undefined
      ? hostError(
          "login-refused",
          `that user ${login.user} was refused with the configured password`,
          "a login",
          `Set the right one: \`pulumi config set --secret bramble:password\`. ${fromTheStart}`,
        )
      : hostError(
          "login-refused",
          `that user ${login.user} was refused with the configured private key`,
          "a login",
          `Put its public key into ~/.ssh/authorized_keys on the Pi, or set another: \`pulumi config set --secret bramble:privateKey < KEYFILE\`. ${fromTheStart}`,
        );
  }
  if (/privateKey/.test(error.message)) {
    return hostError(
      "login-refused",
      `a private key that cannot be read (${error.message})`,
      "an OpenSSH or PEM private key without a passphrase",
      "Set another: `pulumi config set --secret bramble:privateKey < KEYFILE`.",
    );
  }
  if (error.code === "ECONNREFUSED") {
    return hostError(
      "host-unreachable",
      `no ssh server at ${where}`,
      "one",
      "Enable ssh on the Pi (`sudo systemctl enable --now ssh`).",
    );
  }
  if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") {
    return hostError(
      "host-unreachable",
      `no address for the name ${target.address}`,
      "one",
      "Write the Pi's IP address into the pipeline file.",
    );
  }
  return hostError(
    "host-unreachable",
    `no answer from ${where} (${error.message})`,
    "an ssh server",
    "Check the Pi's power and cable, and that this machine is on its network. If it has another address now: write that " +
      `into the pipeline file, \`npx bramble trust ${target.host}\`, \`pulumi up --run-program\`. ` +
      `If it is gone for good: \`npx bramble forget ${target.host}\`.`,
  );
}
