import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type HostKey, pin } from "../../provisioning/ssh/known-hosts.ts";
import { trustedHosts } from "../../provisioning/trusted-hosts.ts";

const hosts = [
  { name: "rpi0", address: "10.42.0.250" },
  { name: "rpi1", address: "10.42.0.251" },
];
const before = process.env.BRAMBLE_KNOWN_HOSTS;
let folder: string;
let file: string;
let keys: Record<"ed25519" | "ecdsa" | "rsa", HostKey>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bramble-trusted-"));
  file = join(folder, "known_hosts");
  process.env.BRAMBLE_KNOWN_HOSTS = file;
  const made = ["ed25519", "ecdsa", "rsa"].map((name) => {
    const bits = name === "rsa" ? ["-b", "2048"] : []; // made in a moment
    execFileSync("ssh-keygen", ["-q", "-t", name, ...bits, "-N", "", "-f", join(folder, name)]);
    const [type = "", blob = ""] = readFileSync(join(folder, `${name}.pub`), "utf8").split(" ");
    return [name, { type, blob }] as const;
  });
  keys = Object.fromEntries(made) as typeof keys;
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env.BRAMBLE_KNOWN_HOSTS;
  else process.env.BRAMBLE_KNOWN_HOSTS = before;
});

function pinned(...of: [address: string, port: number, keys: HostKey[]][]): void {
  writeFileSync(
    file,
    of.reduce((text, [address, port, each]) => pin(text, address, port, each), ""),
  );
}

const line = ({ type, blob }: HostKey) => `${type} ${blob}`;

test("each host's key is a line of a public key file", () => {
  pinned(["10.42.0.250", 22, [keys.ed25519]], ["10.42.0.251", 22, [keys.rsa]]);
  expect(trustedHosts(hosts, 22)).toEqual(
    new Map([
      ["rpi0", line(keys.ed25519)],
      ["rpi1", line(keys.rsa)],
    ]),
  );
});

test("of several keys it is the one that Go's ssh client will be shown", () => {
  const { ed25519, ecdsa, rsa } = keys;
  pinned(["10.42.0.250", 22, [ed25519, rsa, ecdsa]], ["10.42.0.251", 22, [ed25519, rsa]]);
  expect([...trustedHosts(hosts, 22).values()]).toEqual([line(ecdsa), line(rsa)]);
});

test("every host without a key is named, with what to do", () => {
  pinned(["10.42.0.250", 2222, [keys.ed25519]]);
  expect(() => trustedHosts(hosts, 22)).toThrow(
    `rpi0 (10.42.0.250): no pinned host key in ${file}.\n` +
      `rpi1 (10.42.0.251): no pinned host key in ${file}.\n` +
      "Run `npx bramble trust`, which shows the fingerprints and pins them.",
  );
  expect(() => trustedHosts(hosts, 2222)).toThrow(/^rpi1 /);
  rmSync(file);
  expect(() => trustedHosts(hosts, 22)).toThrow(/^rpi0 .*\nrpi1 /);
});
