/** Where a host is: its name in the pipeline file and the address it is reached at. */
export interface HostAddress {
  readonly host: string;
  readonly address: string;
}

/** What kind of thing is wrong with a host, for scripts; host-unfit is all that has no code of its own. */
export const hostErrorCodes = ["host-unreachable", "host-key-refused", "login-refused", "host-unfit"] as const;
export type HostErrorCode = (typeof hostErrorCodes)[number];

interface HostProblem {
  readonly code?: HostErrorCode;
  readonly found: string;
  readonly expected: string;
  readonly next: string;
}

/** Something is wrong with a host; the message names it, what was found, what was expected, and what to do next. */
export class HostError extends Error {
  readonly code: HostErrorCode;

  constructor(target: HostAddress, problem: HostProblem, options?: ErrorOptions) {
    super(
      `${target.host} (${target.address}): found ${problem.found}; wanted ${problem.expected}. ${problem.next}`,
      options,
    );
    this.name = "HostError";
    this.code = problem.code ?? "host-unfit";
  }
}
