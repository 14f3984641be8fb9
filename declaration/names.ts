import { isIPv4 } from "node:net";

/** A label of a host name (RFC 1123), as far as units, files and logs can carry it. */
export const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Goes into systemd unit names, group ids, topic names and folders, so only what is plain in all of them. */
export const SERVICE_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

/** org.apache.kafka.common.internals.Topic: letters, digits, ".", "_", "-", at most 249; not "." or "..". */
export const TOPIC_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;

/** Of a file that a service writes: what no shell, unit or log reads otherwise. */
export const FILE_NAME = {
  expected: "the name of a file such as means.txt, without a folder",
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
};

/** Of an operator: kebab-case, as its file. */
export const OPERATOR_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** What clients of the cluster dial: an IPv4 address, or a name that they can resolve. */
export const ADDRESS = {
  expected: "an IPv4 address or a host name such as 10.42.0.250 or rpi0.local",
  test(address: string): boolean {
    const labels = address.split(".");
    const looksNumeric = /^\d+$/.test(labels.at(-1) ?? "");
    return looksNumeric ? isIPv4(address) : address.length <= 253 && labels.every((label) => HOST_NAME.test(label));
  },
};
