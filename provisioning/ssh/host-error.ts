/** Where a host is: its name in the pipeline file and the address it is reached at. */
export interface HostAddress {
  readonly host: string;
  readonly address: string;
}

/** Something is wrong with a host; the message names it, what was found, what was expected, and what to do next. */
export class HostError extends Error {
  constructor(target: HostAddress, problem: { found: string; expected: string; next: string }, options?: ErrorOptions) {
    super(
      `${target.host} (${target.address}): found ${problem.found}; wanted ${problem.expected}. ${problem.next}`,
      options,
    );
    this.name = "HostError";
  }
}
