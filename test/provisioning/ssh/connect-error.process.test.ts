import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Connection } from "../../../provisioning/ssh/connection.ts";
import { fingerprint, type HostKey, hostKeyFromBlob } from "../../../provisioning/ssh/known-hosts.ts";
import type { Login } from "../../../provisioning/ssh/login.ts";
import { generateKey, type LoopbackHost, listen, startLoopbackHost, target } from "../loopback-host.ts";

jest.setTimeout(60_000);

const mine = generateKey("ed25519");
let host: LoopbackHost;
beforeAll(async () => {
  host = await startLoopbackHost({ authorizedKey: mine.public, hostKeyTypes: ["ed25519", "rsa"] });
});
afterAll(() => host.stop());

/** The error that logging in ends with, once it is the only thing that differs from what works. */
async function hostError(change: { login?: Partial<Login>; pinned?: readonly HostKey[]; address?: string }) {
  const limits = { loginMs: 500, observeMs: 10_000, runMs: 10_000 };
  const { password: _, ...withKey } = host.login;
  const login = { ...(change.login?.privateKey === undefined ? host.login : withKey), ...change.login };
  const where = { ...target, address: change.address ?? target.address };
  const opened = Connection.open(where, login, change.pinned ?? host.hostKeys, limits);
  return opened.then(
    (connection) => {
      connection.close();
      throw new Error("logged in");
    },
    (error: Error) => error.message,
  );
}

const otherKey = hostKeyFromBlob(Buffer.from(generateKey("ed25519").public.split(" ")[1] ?? "", "base64"));

describe("logging in", () => {
  test.each(["password", "private key"])("works with the right %s", async (way) => {
    const { password: _, ...login } = host.login;
    const connection = await Connection.open(
      target,
      way === "password" ? host.login : { ...login, privateKey: mine.private },
      host.hostKeys,
    );
    expect(await connection.observe([["true"]])).toMatchObject([{ exitCode: 0 }]);
    connection.close();
  });

  test("works whichever of the host's keys is pinned", async () => {
    expect(host.hostKeys.map(({ type }) => type)).toEqual(["ssh-ed25519", "ssh-rsa"]);
    for (const key of host.hostKeys) (await Connection.open(target, host.login, [key])).close();
  });

  test("names user and setting when the password is refused", async () => {
    expect(await hostError({ login: { password: "wrong" } })).toBe(
      "rpi0 (127.0.0.1): user root was refused with the configured password. " +
        "Set the right one: `pulumi config set --secret bramble:password`. Then run `pulumi up --run-program`, which uses the new login from the start.",
    );
  });

  test("names user and setting when the private key is refused", async () => {
    expect(await hostError({ login: { privateKey: generateKey("ed25519").private } })).toMatch(
      /^rpi0 \(127\.0\.0\.1\): user root was refused with the configured private key\. Put its/,
    );
  });

  test("shows both fingerprints when the host has another key, and sends it no password", async () => {
    const [presented] = host.hostKeys;
    if (presented === undefined) throw new Error("no key");
    expect(await hostError({ pinned: [otherKey], login: { password: "wrong" } })).toBe(
      `rpi0 (127.0.0.1): its host key is ${fingerprint(presented)} (ssh-ed25519); expected the pinned ${fingerprint(otherKey)}. ` +
        "If the Pi was reflashed, run `npx bramble trust rpi0`; if not, another machine answers at its address.",
    );
  });

  test("accepts one of several pinned keys", async () => {
    (await Connection.open(target, host.login, [otherKey, ...host.hostKeys])).close();
  });

  test("passes over pinned keys of types that this program cannot check", async () => {
    const exotic = { type: "sk-ssh-ed25519@openssh.com", blob: "AAAA" };
    (await Connection.open(target, host.login, [exotic, ...host.hostKeys])).close();
  });
});

describe("a private key", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bramble-key-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const unreadable =
    /^rpi0 \(127\.0\.0\.1\): the configured private key cannot be read \(.+\); expected .* without a passphrase\./;

  test("that is none is told from one that is refused", async () => {
    expect(await hostError({ login: { privateKey: "raspberry" } })).toMatch(unreadable);
    expect(await hostError({ login: { privateKey: mine.public } })).toMatch(unreadable);
    expect(await hostError({ login: { privateKey: mine.private.slice(0, 200) } })).toMatch(unreadable);
  });

  test("of real ssh-keygen with a passphrase is told from one that is refused", async () => {
    const file = join(folder, "locked");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", file]);
    const message = await hostError({ login: { privateKey: readFileSync(file, "utf8") } });
    expect(message).toMatch(unreadable);
    expect(message).toMatch(/passphrase given/);
  });

  test("never shows in the error", async () => {
    expect(await hostError({ login: { privateKey: "raspberry-secret" } })).not.toContain("raspberry-secret");
    expect(await hostError({ login: { password: "raspberry-secret" } })).not.toContain("raspberry-secret");
  });
});

describe("a host that is not there", () => {
  const servers: Server[] = [];
  afterAll(() => servers.forEach((server) => void server.close()));

  async function port(onConnection: Parameters<typeof createServer>[1]): Promise<number> {
    const server = createServer(onConnection);
    servers.push(server);
    return listen(server);
  }

  test("refuses: ssh is not on", async () => {
    const server = createServer();
    const closed = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await hostError({ login: { port: closed } })).toBe(
      `rpi0 (127.0.0.1): no ssh server listens on 127.0.0.1 port ${closed}. ` +
        "Enable ssh on the Pi (`sudo systemctl enable --now ssh`).",
    );
  });

  test.each([
    ["says nothing", () => {}],
    ["hangs up", (socket: { destroy(): void }) => socket.destroy()],
  ])("%s: cable or power", async (_, act) => {
    const silent = await port(act);
    expect(await hostError({ login: { port: silent } })).toMatch(
      new RegExp(
        `^rpi0 \\(127\\.0\\.0\\.1\\): no answer from 127\\.0\\.0\\.1 port ${silent} \\(.+\\)\\. Check the Pi's power`,
      ),
    );
  });

  test("has a name that nobody knows", async () => {
    expect(await hostError({ address: "no-such-pi.invalid" })).toBe(
      "rpi0 (no-such-pi.invalid): the name no-such-pi.invalid has no address. " +
        "Write the Pi's IP address into the pipeline file.",
    );
  });
});
