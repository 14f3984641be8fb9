import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  fingerprint,
  type HostKey,
  hostKeyFromBlob,
  knownHostsFile,
  pin,
  pinnedKeys,
  readKnownHosts,
} from "../../../provisioning/ssh/known-hosts.ts";

let folder: string;
let file: string;
/** Made by ssh-keygen, one of each type that a Pi has. */
let ed25519: HostKey;
let ecdsa: HostKey;
let rsa: HostKey;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bramble-known-hosts-"));
  file = join(folder, "known_hosts");
  [ed25519, ecdsa, rsa] = ["ed25519", "ecdsa", "rsa"].map((type) => {
    const bits = type === "rsa" ? ["-b", "2048"] : []; // made in a moment
    execFileSync("ssh-keygen", ["-q", "-t", type, ...bits, "-N", "", "-C", "a comment", "-f", join(folder, type)]);
    return publicKey(readFileSync(join(folder, `${type}.pub`), "utf8"));
  }) as [HostKey, HostKey, HostKey];
});
afterAll(() => rmSync(folder, { recursive: true }));

function publicKey(line: string): HostKey {
  const [type = "", blob = ""] = line.split(" ");
  return { type, blob };
}

/** The keys that OpenSSH finds for a name in the file. */
function found(name: string): HostKey[] {
  const { stdout } = spawnSync("ssh-keygen", ["-F", name, "-f", file], { encoding: "utf8" });
  const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => publicKey(line.slice(line.indexOf(" ") + 1)));
}

describe("pinned keys", () => {
  test("are found by OpenSSH under the same address and port, and by no other", () => {
    let text = pin("", "10.42.0.250", 22, [ed25519, ecdsa]);
    text = pin(text, "10.42.0.250", 2222, [rsa]);
    text = pin(text, "rpi1.local", 22, [rsa]);
    writeFileSync(file, text);
    expect(found("10.42.0.250")).toEqual([ed25519, ecdsa]);
    expect(found("[10.42.0.250]:2222")).toEqual([rsa]);
    expect(found("rpi1.local")).toEqual([rsa]);
    expect(pinnedKeys(text, "10.42.0.250", 22)).toEqual([ed25519, ecdsa]);
    expect(pinnedKeys(text, "10.42.0.250", 2222)).toEqual([rsa]);
    expect(pinnedKeys(text, "10.42.0.25", 22)).toEqual([]);
    expect(pinnedKeys(text, "10.42.0.250", 22222)).toEqual([]);
  });

  test("are found in a file that ssh-keygen has hashed", () => {
    writeFileSync(file, pin(pin("", "10.42.0.250", 22, [ed25519, rsa]), "10.42.0.251", 2222, [ecdsa]));
    execFileSync("ssh-keygen", ["-H", "-f", file], { stdio: "ignore" });
    const hashed = readFileSync(file, "utf8");
    expect(hashed).not.toContain("10.42");
    expect(pinnedKeys(hashed, "10.42.0.250", 22)).toEqual([ed25519, rsa]);
    expect(pinnedKeys(hashed, "10.42.0.251", 2222)).toEqual([ecdsa]);
    expect(pinnedKeys(hashed, "10.42.0.251", 22)).toEqual([]);
    // A reflashed Pi: its hashed entries give way, the other's stay.
    const again = pin(hashed, "10.42.0.250", 22, [ecdsa]);
    expect(pinnedKeys(again, "10.42.0.250", 22)).toEqual([ecdsa]);
    expect(pinnedKeys(again, "10.42.0.251", 2222)).toEqual([ecdsa]);
    expect(again.split("\n")).toHaveLength(3);
  });

  test("replace what was pinned before, and leave all else as it was", () => {
    const text = [
      "# my Pis",
      `10.42.0.250,rpi0 ${ed25519.type} ${ed25519.blob} from the first flash`,
      `@revoked 10.42.0.250 ${rsa.type} ${rsa.blob}`,
      "",
      `10.42.0.251 ${rsa.type} ${rsa.blob}`,
      `[10.42.0.250]:2222 ${rsa.type} ${rsa.blob}\r`,
    ].join("\n");
    expect(pin(text, "10.42.0.250", 22, [ecdsa]).split("\n")).toEqual([
      "# my Pis",
      `@revoked 10.42.0.250 ${rsa.type} ${rsa.blob}`,
      `10.42.0.251 ${rsa.type} ${rsa.blob}`,
      `[10.42.0.250]:2222 ${rsa.type} ${rsa.blob}\r`,
      `10.42.0.250 ${ecdsa.type} ${ecdsa.blob}`,
      "",
    ]);
    expect(pin(pin(text, "10.42.0.250", 22, [ecdsa]), "10.42.0.250", 22, [ecdsa])).toBe(
      pin(text, "10.42.0.250", 22, [ecdsa]),
    );
  });

  test("are read past comments, markers, wildcards, line ends of other systems and half lines", () => {
    const text = [
      "# 10.42.0.250 is not here",
      `@cert-authority 10.42.0.250 ${rsa.type} ${rsa.blob}`,
      `* ${rsa.type} ${rsa.blob}`,
      "10.42.0.250",
      "10.42.0.250 ssh-ed25519",
      `  rpi0,10.42.0.250\t${ed25519.type}  ${ed25519.blob} comment of mine\r`,
    ].join("\n");
    expect(pinnedKeys(text, "10.42.0.250", 22)).toEqual([ed25519]);
  });
});

test("a fingerprint is what ssh-keygen -l prints", () => {
  for (const [name, key] of Object.entries({ ed25519, ecdsa, rsa })) {
    const printed = execFileSync("ssh-keygen", ["-l", "-f", join(folder, `${name}.pub`)], { encoding: "utf8" });
    expect(printed.split(" ")[1]).toBe(fingerprint(key));
  }
});

test("a key names its own type, as it travels in the protocol", () => {
  for (const key of [ed25519, ecdsa, rsa]) {
    expect(hostKeyFromBlob(Buffer.from(key.blob, "base64"))).toEqual(key);
  }
});

test("a file that is not there yet holds nothing; one that cannot be read is no empty one", () => {
  expect(readKnownHosts(join(folder, "none"))).toBe("");
  expect(() => readKnownHosts(folder)).toThrow(/EISDIR/);
});

test("the file is the lab's when the environment names one, else the one beside the program", () => {
  expect(knownHostsFile({ BRAMBLE_KNOWN_HOSTS: "/lab/known_hosts" })).toBe("/lab/known_hosts");
  expect(knownHostsFile({})).toBe(join(process.cwd(), "known_hosts"));
});
