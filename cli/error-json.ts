import { hostErrorCodes } from "../provisioning/ssh/host-error.ts";
import { commandErrorCodes } from "../replay/command-error.ts";

/** All that an error of a command with --json may be; `unexpected` is what has no code of its own. */
export const errorCodes = [
  "pipeline-invalid",
  "lab-unusable",
  ...commandErrorCodes,
  ...hostErrorCodes,
  "unexpected",
] as const;

/** One line for scripts. What Node calls a code, such as ENOENT, is in the message or the cause. */
export function errorJson(error: Error & { readonly code?: unknown }): string {
  const code = errorCodes.find((each) => each === error.code) ?? "unexpected";
  const cause = error.cause instanceof Error ? { cause: error.cause.message } : {};
  return JSON.stringify({ error: { code, message: error.message, ...cause } });
}
