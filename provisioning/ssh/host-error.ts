/** Where a host is: its name in the pipeline file and the address it is reached at. */
export interface HostAddress {
  readonly host: string;
  readonly address: string;
}

/** What kind of thing is wrong with a host, for scripts; host-unfit is all that has no code of its own. */
export const hostErrorCodes = ["host-unreachable", "host-key-refused", "login-refused", "host-unfit"] as const;
export type HostErrorCode = (typeof hostErrorCodes)[number];

export interface HostProblem {
  readonly code?: HostErrorCode;
  /** A clause: "Java 8 is installed". */
  readonly found: string;
  /** "Java 11 or newer"; absent when that goes without saying. */
  readonly expected?: string;
  /** A sentence. */
  readonly next: string;
}

/** Something is wrong with a host; the message names it, what was found, what was expected, and what to do next. */
export class HostError extends Error {
  readonly code: HostErrorCode;

  constructor(target: HostAddress, problem: HostProblem, options?: ErrorOptions) {
    const { found, expected, next } = problem;
    const what = expected === undefined ? found : `${found}; expected ${expected}`;
    // What a program has said may end its own line or sentence.
    const end = what.endsWith("\n") ? "" : what.endsWith(".") ? " " : ". ";
    super(`${target.host} (${target.address}): ${what}${end}${next}`, options);
    this.name = "HostError";
    this.code = problem.code ?? "host-unfit";
  }
}
