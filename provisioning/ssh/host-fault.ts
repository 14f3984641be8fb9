/** Where a host is: its name in the pipeline file and the address it is reached at. */
export interface HostPlace {
  readonly host: string;
  readonly address: string;
}

/** Something is wrong with a host; the message names it, what was found, what was wanted, and what to do next. */
export class HostFault extends Error {
  constructor(place: HostPlace, fault: { found: string; wanted: string; next: string }, options?: ErrorOptions) {
    super(`${place.host} (${place.address}): found ${fault.found}; wanted ${fault.wanted}. ${fault.next}`, options);
    this.name = "HostFault";
  }
}
