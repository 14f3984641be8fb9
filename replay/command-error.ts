/** Why a command on dead letters, or a replay, cannot be done, for scripts. */
export const commandErrorCodes = [
  "service-unknown",
  "broker-unreachable",
  "topic-missing",
  "partition-leaderless",
] as const;

export class CommandError extends Error {
  override name = "CommandError";
  readonly code: (typeof commandErrorCodes)[number];

  constructor(code: (typeof commandErrorCodes)[number], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
