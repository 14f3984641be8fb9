import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type Connection as SshClient } from "ssh2";
import { type HostKey, hostKeyFromBlob } from "../../provisioning/ssh/known-hosts.ts";
import type { Login } from "../../provisioning/ssh/login.ts";

export const target = { host: "rpi0", address: "127.0.0.1" };
export const password = "raspberry";

/** An ssh server on loopback that hands each command to the shell that a user of a Pi has, bash. */
export interface LoopbackHost {
  /** A folder of the host's own; `bin` in it comes first on PATH. */
  readonly folder: string;
  /** The keys that it presents, one of each type. */
  readonly hostKeys: readonly HostKey[];
  /** As root, who needs no sudo: commands run as whoever runs the tests. */
  readonly login: Login;
  /** Command lines that it was given, in order. */
  readonly lines: readonly string[];
  /** How often somebody tried to log in. */
  readonly logins: number;
  /** How many commands ran at the same time, at most. */
  readonly busiest: number;
  /** Makes a program of this name come first on PATH. */
  program(name: string, script: string): void;
  /** Pulls the cable: every connection is gone without a goodbye. */
  cut(): void;
  stop(): Promise<void>;
}

export interface LoopbackOptions {
  readonly maxSessions?: number;
  /** Public key that may log in beside the password. */
  readonly authorizedKey?: string;
  readonly hostKeyTypes?: readonly KeyType[];
}

export async function startLoopbackHost(options: LoopbackOptions = {}): Promise<LoopbackHost> {
  const folder = mkdtempSync(join(tmpdir(), "bramble-host-"));
  const bin = join(folder, "bin");
  mkdirSync(join(folder, "run"));
  mkdirSync(bin);
  const program = (name: string, script: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  // Only root may write to /run, and not everybody who runs the tests is root.
  program("mktemp", `exec /usr/bin/mktemp -d "${folder}/run/\${2#/run/}"`);

  const keys = (options.hostKeyTypes ?? ["ed25519"]).map((type) => generateKey(type));
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const children = new Set<ChildProcess>();
  let logins = 0;
  let busy = 0;
  let busiest = 0;
  const ssh = new ssh2.Server({ hostKeys: keys.map(({ private: key }) => key) }, (client) => {
    let sessions = 0;
    client.on("error", () => {}); // a client that refuses the host key, or is gone
    client.once("authentication", () => logins++);
    authenticate(client, options.authorizedKey);
    client.on("session", (accept, reject) => {
      if (sessions >= (options.maxSessions ?? 10)) return void reject();
      sessions++;
      const session = accept();
      session.on("close", () => {
        sessions--;
      });
      session.on("exec", (acceptExec, _reject, { command }) => {
        lines.push(command);
        busiest = Math.max(busiest, ++busy);
        const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
        // Its input is a socket, at which bash reads ~/.bashrc: that of whoever runs the tests is none of the host's.
        const child = spawn("bash", ["--norc", "-c", command], { cwd: folder, env, detached: true });
        children.add(child);
        const channel = acceptExec();
        child.stdin.on("error", () => {}); // it ended without reading all of it
        channel.pipe(child.stdin);
        child.stdout.pipe(channel, { end: false });
        child.stderr.pipe(channel.stderr, { end: false });
        channel.on("close", () => child.stdin.end());
        child.on("close", (code, signal) => {
          children.delete(child);
          busy--;
          channel.exit(...((code === null ? [signal?.slice(3), false, ""] : [code]) as [number]));
          channel.end();
        });
      });
    });
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    ssh.injectSocket(socket);
  });
  const port = await listen(server);

  return {
    folder,
    hostKeys: keys.map(({ public: key }) => hostKeyFromBlob(Buffer.from(key.split(" ")[1] ?? "", "base64"))),
    login: { user: "root", port, password },
    lines,
    get logins() {
      return logins;
    },
    get busiest() {
      return busiest;
    },
    program,
    cut: () => sockets.forEach((socket) => void socket.destroy()),
    async stop() {
      for (const socket of sockets) socket.destroy();
      // What a test left running is in a group of its own.
      for (const { pid } of children) if (pid !== undefined) process.kill(-pid, "SIGKILL");
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type KeyType = "ed25519" | "ecdsa" | "rsa";

/** One key in 256 of ssh2's own making cannot be read by ssh2 (https://github.com/mscdex/ssh2/issues/1390): then another. */
export function generateKey(type: KeyType): ReturnType<typeof ssh2.utils.generateKeyPairSync> {
  const key = newKey(type);
  const readable = [key.private, key.public].every((text) => !(ssh2.utils.parseKey(text) instanceof Error));
  return readable ? key : generateKey(type);
}

function newKey(type: KeyType) {
  if (type === "ed25519") return ssh2.utils.generateKeyPairSync(type);
  return type === "ecdsa"
    ? ssh2.utils.generateKeyPairSync(type, { bits: 256 })
    : ssh2.utils.generateKeyPairSync(type, { bits: 2048 });
}

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function authenticate(client: SshClient, authorizedKey: string | undefined): void {
  const authorized = authorizedKey?.split(" ")[1];
  client.on("authentication", (context) => {
    if (context.method === "password" && context.password === password) context.accept();
    else if (context.method === "publickey" && context.key.data.toString("base64") === authorized) context.accept();
    else context.reject(["password", "publickey"]);
  });
}
