import { LabError } from "./lab-error.ts";

/** A virtual Raspberry Pi. Its address is the one that the real Pi of that name has. */
export interface LabHost {
  readonly name: string;
  readonly address: string;
}

export const labHosts: readonly LabHost[] = [
  { name: "rpi0", address: "10.42.0.250" },
  { name: "rpi1", address: "10.42.0.251" },
  { name: "rpi2", address: "10.42.0.252" },
  { name: "rpi3", address: "10.42.0.253" },
];

/** The address of this machine on the lab's network, as a computer plugged into the Pis' switch would have. */
export const gatewayAddress = "10.42.0.1";

export function labHost(name: string): LabHost {
  const host = labHosts.find((candidate) => candidate.name === name);
  if (host) return host;
  const names = labHosts.map((candidate) => candidate.name).join(", ");
  throw new LabError(`there is no host \`${name}\` in the lab; its hosts are ${names}`);
}
