import { setTimeout as sleep } from "node:timers/promises";
import ssh2, { type AnyAuthMethod, type ClientChannel, type ServerHostKeyAlgorithm } from "ssh2";

/** The `connection` input, revealed, with the defaults that the SDK has put in. */
export interface ConnectionArgs {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly privateKeyPassword?: string;
  readonly agentSocketPath?: string;
  /** In the form of known_hosts and .pub files: `ssh-ed25519 AAAA...`. Without it any host key is accepted. */
  readonly hostKey?: string;
  /** How many failed attempts to bear; -1 for any number. */
  readonly dialErrorLimit?: number;
  /** Seconds; 0 for no limit. */
  readonly perDialTimeout?: number;
  readonly proxy?: Omit<ConnectionArgs, "proxy">;
}

export type Progress = (message: string) => void;

/** The order in which Go's ssh client asks for host keys, whatever key it was told to expect. */
const hostKeyOrder: ServerHostKeyAlgorithm[] = [
  ...(["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"] as const),
  ...(["rsa-sha2-256", "rsa-sha2-512", "ssh-rsa", "ssh-ed25519"] as const),
];

/** Logs in, trying again as the official plugin does: any failure counts, and waits grow from 0.1 s to 5 s. */
export async function dial(args: ConnectionArgs, progress: Progress): Promise<ssh2.Client> {
  if (!args.proxy) return retry("Dial", args, progress, () => logIn(args));
  const proxy = args.proxy;
  const bastion = await retry("Dial proxy", proxy, progress, () => logIn(proxy));
  const client = await retry("Dial from proxy", args, progress, async () => logIn(args, await forward(bastion, args)));
  client.on("close", () => bastion.end());
  return client;
}

async function retry<T>(
  what: string,
  { dialErrorLimit = 10 }: ConnectionArgs,
  progress: Progress,
  attempt: () => Promise<T>,
): Promise<T> {
  let waitMs = 100;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (dialErrorLimit >= 0 && failures > dialErrorLimit) {
        throw new Error(`after ${failures - 1} failed attempts: ${(error as Error).message}`, { cause: error });
      }
      progress(`${what} ${failures}/${dialErrorLimit < 0 ? "inf" : dialErrorLimit} failed: retrying`);
      await sleep(waitMs);
      waitMs = Math.min(waitMs * 1.5, 5000);
    }
  }
}

function logIn(args: ConnectionArgs, sock?: ClientChannel): Promise<ssh2.Client> {
  const { host, port = 22, user: username = "root", perDialTimeout = 15 } = args;
  const address = `${host}:${port}`;
  const client = new ssh2.Client();
  let mismatch = false;
  return new Promise((resolve, reject) => {
    client.once("ready", () => resolve(client));
    client.once("error", (error) => {
      const why = mismatch ? "host key mismatch" : error.message;
      reject(new Error(`${username}@${address}: ssh: ${why}`, { cause: error }));
    });
    client.connect({
      host,
      port,
      username,
      readyTimeout: perDialTimeout * 1000,
      algorithms: { serverHostKey: hostKeyOrder },
      authHandler: authMethods(args, username),
      hostVerifier: (key: Buffer) => {
        mismatch = args.hostKey !== undefined && !sameKey(args.hostKey, key);
        return !mismatch;
      },
      ...(sock ? { sock } : {}),
    });
  });
}

function sameKey(expected: string, offered: Buffer): boolean {
  const blob = expected.trim().split(/\s+/)[1];
  if (blob === undefined) {
    throw new Error("failed to parse host key: wanted `TYPE BASE64`, as known_hosts and .pub files have it");
  }
  return Buffer.from(blob, "base64").equals(offered);
}

function authMethods(args: ConnectionArgs, username: string): AnyAuthMethod[] {
  const { privateKey: key, privateKeyPassword: passphrase, password } = args;
  const agent = args.agentSocketPath ?? (process.env.SSH_AUTH_SOCK || undefined);
  const methods: AnyAuthMethod[] = [];
  if (key !== undefined) {
    methods.push({ type: "publickey", username, key, ...(passphrase === undefined ? {} : { passphrase }) });
  }
  if (password !== undefined) {
    methods.push({ type: "password", username, password });
    methods.push({
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
    });
  }
  if (agent !== undefined) methods.push({ type: "agent", username, agent });
  return methods;
}

function forward(bastion: ssh2.Client, { host, port = 22 }: ConnectionArgs): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    bastion.forwardOut("127.0.0.1", 0, host, port, (error, channel) => (error ? reject(error) : resolve(channel)));
  });
}
