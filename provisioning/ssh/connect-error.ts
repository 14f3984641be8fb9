import { type HostAddress, HostError, type HostProblem } from "./host-error.ts";
import { fingerprint, type HostKey } from "./known-hosts.ts";
import type { Login } from "./login.ts";

/** A refresh logs in with what the last `up` recorded, unless the program runs again. */
const fromTheStart = "Then run `pulumi up --run-program`, which uses the new login from the start.";

/** Turns ssh2's error into a message with what was found, what was expected and the next step. */
export function explainConnectError(
  target: HostAddress,
  login: Login,
  error: Error & { level?: string; code?: string },
  pinned: readonly HostKey[],
  presented: HostKey | undefined,
): HostError {
  const where = `${target.address} port ${login.port}`;
  const hostError = (problem: HostProblem) => new HostError(target, problem, { cause: error });
  if (presented !== undefined && !pinned.some((key) => key.blob === presented.blob)) {
    return hostError({
      code: "host-key-refused",
      found: `its host key is ${fingerprint(presented)} (${presented.type})`,
      expected: `the pinned ${pinned.map(fingerprint).join(" or ")}`,
      next: `If the Pi was reflashed, run \`npx bramble trust ${target.host}\`; if not, another machine answers at its address.`,
    });
  }
  if (error.level === "client-authentication") {
    return login.privateKey === undefined
      ? hostError({
          code: "login-refused",
          found: `user ${login.user} was refused with the configured password`,
          next: `Set the right one: \`pulumi config set --secret bramble:password\`. ${fromTheStart}`,
        })
      : hostError({
          code: "login-refused",
          found: `user ${login.user} was refused with the configured private key`,
          next: `Put its public key into ~/.ssh/authorized_keys on the Pi, or set another: \`pulumi config set --secret bramble:privateKey < KEYFILE\`. ${fromTheStart}`,
        });
  }
  if (/privateKey/.test(error.message)) {
    return hostError({
      code: "login-refused",
      found: `the configured private key cannot be read (${error.message})`,
      expected: "an OpenSSH or PEM private key without a passphrase",
      next: "Set another: `pulumi config set --secret bramble:privateKey < KEYFILE`.",
    });
  }
  if (error.code === "ECONNREFUSED") {
    return hostError({
      code: "host-unreachable",
      found: `no ssh server listens on ${where}`,
      next: "Enable ssh on the Pi (`sudo systemctl enable --now ssh`).",
    });
  }
  if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") {
    return hostError({
      code: "host-unreachable",
      found: `the name ${target.address} has no address`,
      next: "Write the Pi's IP address into the pipeline file.",
    });
  }
  return hostError({
    code: "host-unreachable",
    found: `no answer from ${where} (${error.message})`,
    next:
      "Check the Pi's power and cable, and that this machine is on its network. If the Pi has a new address: write it into " +
      `the pipeline file, then run \`npx bramble trust ${target.host}\` and \`pulumi up --run-program\`. ` +
      `If the Pi is gone for good: \`npx bramble forget ${target.host}\`.`,
  });
}
