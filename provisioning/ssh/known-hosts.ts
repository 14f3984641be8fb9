import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** One host key: its type (`ssh-ed25519`, ...) and its blob in base64, as in a public key file. */
export interface HostKey {
  readonly type: string;
  readonly blob: string;
}

/** File of pinned host keys, in OpenSSH's format (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export function knownHostsFile(environment: NodeJS.ProcessEnv = process.env): string {
  return resolve(environment.BRAMBLE_KNOWN_HOSTS ?? "known_hosts");
}

/** Text of the file, empty when there is none yet. */
export function readKnownHosts(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** How a known_hosts file names an address: with brackets and the port unless that is 22. */
export function entryName(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`;
}

/** The keys pinned for an address. Lines with a marker (`@revoked`, ...) are not ours to judge and are passed over. */
export function pinnedKeys(text: string, address: string, port: number): HostKey[] {
  const name = entryName(address, port);
  return entries(text).flatMap(({ names, key }) => (names.some((n) => matches(n, name)) ? [key] : []));
}

/** The text with these keys, and no others, pinned for an address. */
export function pin(text: string, address: string, port: number, keys: readonly HostKey[]): string {
  const name = entryName(address, port);
  const others = text
    .split("\n")
    .filter((line) => line.trim() !== "" && !entries(line).some(({ names }) => names.some((n) => matches(n, name))));
  return `${[...others, ...keys.map((key) => `${name} ${key.type} ${key.blob}`)].join("\n")}\n`;
}

/** Fingerprint as `ssh-keygen -l` prints it. */
export function fingerprint(key: HostKey): string {
  const digest = createHash("sha256").update(Buffer.from(key.blob, "base64")).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

/** A key as it travels in the protocol (RFC 4253, 6.6): its type is its first string. */
export function hostKeyFromBlob(blob: Buffer): HostKey {
  return { type: blob.toString("ascii", 4, 4 + blob.readUInt32BE(0)), blob: blob.toString("base64") };
}

function entries(text: string): { names: string[]; key: HostKey }[] {
  return text.split("\n").flatMap((line) => {
    const [names, type, blob] = line.trim().split(/\s+/);
    if (names === undefined || type === undefined || blob === undefined || /^[#@]/.test(names)) return [];
    return [{ names: names.split(","), key: { type, blob } }];
  });
}

function matches(pattern: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(pattern);
  if (hashed === null) return pattern === name;
  const [, salt = "", digest] = hashed;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === digest;
}
