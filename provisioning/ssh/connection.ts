import { connect } from "node:net";
import type { ClientChannel, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import ssh2 from "ssh2";
import { type Argv, type Command, quote, type Result } from "./command.ts";
import { explainConnectError } from "./connect-error.ts";
import { converse } from "./converse.ts";
import { FactsShell } from "./facts-shell.ts";
import { type HostAddress, HostError } from "./host-error.ts";
import { type HostKey, hostKeyFromBlob } from "./known-hosts.ts";
import type { Login } from "./login.ts";
import { withTimeout } from "./with-timeout.ts";

/** A dead host is noticed after three of these. */
const keepaliveIntervalMs = 5_000;
/** Below sshd's default MaxSessions of 10, one of which is the facts shell. */
const maxChannels = 8;
/** Reads that arrive within this time go to the host together. */
const batchDelayMs = 4;

export interface TimeLimits {
  /** To connect and log in: longer than a Pi's sshd takes under load, short enough to stay with the terminal. */
  readonly loginMs: number;
  /** For the answer to one batch of questions. */
  readonly observeMs: number;
  /** For one command: an archive that is unpacked on a slow card takes minutes. */
  readonly runMs: number;
}

const defaultLimits: TimeLimits = { loginMs: 15_000, observeMs: 120_000, runMs: 900_000 };

interface Question {
  readonly commands: readonly Argv[];
  readonly answer: (results: Result[]) => void;
  readonly fail: (error: Error) => void;
}

/**
 * One authenticated ssh connection to one host. Reading (`observe`) goes through a single long-lived root shell, many
 * questions to a round trip; changing (`run`) opens a channel per command, so that a slow change delays no read.
 */
export class Connection {
  readonly target: HostAddress;
  /** False once the host or the cable is gone: whoever holds this connection should open another. */
  alive = true;
  private readonly client: ssh2.Client;
  private readonly limits: TimeLimits;
  private readonly asRoot: string;
  /** Rejects when the connection ends, and never resolves: channels that die with it do not call back. */
  private readonly ended: Promise<never>;
  private readonly end: (found: string, next: string, cause?: Error) => void;
  private questions: Question[] = [];
  private flushing: NodeJS.Timeout | undefined;
  private shell: Promise<FactsShell> | undefined;
  private channels = 0;
  private readonly waiting: (() => void)[] = [];

  private constructor(target: HostAddress, client: ssh2.Client, login: Login, limits: TimeLimits) {
    this.target = target;
    this.client = client;
    this.limits = limits;
    this.asRoot = login.user === "root" ? "" : "sudo -n ";
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    this.ended.catch(() => {}); // told to whoever waits; often nobody does
    this.end = (found, next, cause) => {
      this.alive = false;
      reject(new HostError(target, { found: `the ssh connection ${found}`, next }, { cause }));
    };
    const lost = (cause?: Error) =>
      this.end(
        "was lost",
        "Check the Pi's cable and power, then run the command again; it continues where it stopped.",
        cause,
      );
    client.on("error", lost).on("close", () => lost());
  }

  /** Logs in; the host must present one of `pinned`. Throws a {@link HostError} that says what to do. */
  static open(
    target: HostAddress,
    login: Login,
    pinned: readonly HostKey[],
    limits: TimeLimits = defaultLimits,
  ): Promise<Connection> {
    const client = new ssh2.Client();
    let presented: HostKey | undefined;
    const config: ConnectConfig = {
      // A login is small packets to and fro, which TCP would otherwise hold back for each other: twice the round trips.
      sock: connect({ host: target.address, port: login.port, noDelay: true }),
      username: login.user,
      readyTimeout: limits.loginMs,
      keepaliveInterval: keepaliveIntervalMs,
      keepaliveCountMax: 3,
      algorithms: { serverHostKey: signatureAlgorithms(pinned) },
      hostVerifier: (blob: Buffer) => {
        presented = hostKeyFromBlob(blob);
        return pinned.some((key) => key.blob === presented?.blob);
      },
      // And it begins with what is to succeed, not with a question for what is offered.
      ...(login.privateKey === undefined
        ? { password: login.password ?? "", authHandler: ["password"] }
        : { privateKey: login.privateKey, authHandler: ["publickey"] }),
    };
    return new Promise((resolve, reject) => {
      const refuse = (error: Error) => {
        client.end();
        reject(explainConnectError(target, login, error, pinned, presented));
      };
      // Stays when it has refused: a failed login may be followed by an error of the socket, which nobody else awaits.
      client.on("error", refuse).once("ready", () => {
        client.removeListener("error", refuse);
        resolve(new Connection(target, client, login, limits));
      });
      try {
        client.connect(config);
      } catch (error) {
        refuse(error as Error); // ssh2 throws on a private key that it cannot read
      }
    });
  }

  /** Runs commands that only look. Those asked at about the same time share one round trip. */
  observe(commands: readonly Argv[]): Promise<Result[]> {
    return new Promise((answer, fail) => {
      this.questions.push({ commands, answer, fail });
      this.flushing ??= setTimeout(() => this.flush(), batchDelayMs);
    });
  }

  /** Runs one command that may change something; resolves with its exit code, whatever that is. */
  async run({ does, argv, stdin }: Command): Promise<Result> {
    await this.takeChannel();
    try {
      // SSH gives no argv: the server hands this line to the user's shell.
      const line = `${this.asRoot}env LC_ALL=C ${quote(argv)}`;
      const { result, channel } = await this.exec(line, (channel) => ({ result: converse(channel, stdin), channel }));
      return await withTimeout(this.limits.runMs, this.whileConnected(result), (limit) => {
        channel.close();
        const next = "See on the Pi what blocks it (it may still be running), then run `pulumi up` again.";
        return new HostError(this.target, { found: `could not ${does} ${limit}`, next });
      });
    } finally {
      this.giveChannel();
    }
  }

  close(): void {
    this.end("was closed", "Pulumi was told to stop. Run the command again; it continues where it stopped.");
    this.client.end();
  }

  private async flush(): Promise<void> {
    const questions = this.questions;
    this.questions = [];
    this.flushing = undefined;
    try {
      const shell = await (this.shell ?? this.openShell());
      const results = await this.whileConnected(shell.ask(questions.flatMap(({ commands }) => commands)));
      let from = 0;
      for (const { commands, answer } of questions) {
        answer(results.slice(from, from + commands.length));
        from += commands.length;
      }
    } catch (error) {
      for (const { fail } of questions) fail(error as Error);
    }
  }

  /** One that has ended, or could not be opened, is forgotten: the next question opens another. */
  private openShell(): Promise<FactsShell> {
    const line = `${this.asRoot}env LC_ALL=C sh`;
    const shell = this.exec(line, (channel) => new FactsShell(channel, this.target, this.limits.observeMs));
    this.shell = shell;
    shell
      .then(({ ended }) => ended)
      .catch(() => {
        this.shell = undefined;
      });
    return shell;
  }

  /** `attach` adds its listeners at once: a short command's exit may arrive in the same packet as the channel. */
  private exec<T>(line: string, attach: (channel: ClientChannel) => T): Promise<T> {
    const opened = new Promise<T>((resolve, reject) => {
      this.client.exec(line, (error, channel) => {
        if (error === undefined) return resolve(attach(channel));
        const found = `sshd opens no more channels (${error.message})`;
        const next = "Set `MaxSessions 10` in /etc/ssh/sshd_config on the Pi and restart ssh.";
        reject(new HostError(this.target, { found, expected: `${maxChannels + 1} at once`, next }, { cause: error }));
      });
    });
    return this.whileConnected(opened);
  }

  private whileConnected<T>(work: Promise<T>): Promise<T> {
    return Promise.race([this.ended, work]);
  }

  private async takeChannel(): Promise<void> {
    if (this.channels >= maxChannels) await new Promise<void>((resume) => this.waiting.push(resume));
    else this.channels++;
  }

  private giveChannel(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.channels--;
    else next();
  }
}

const signatures: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"], // an RSA key signs with SHA-2 (RFC 8332)
};

/**
 * The signature algorithms to ask for: those of the pinned keys first, as a server has several keys; then the others,
 * so that a changed key can be shown.
 */
function signatureAlgorithms(pinned: readonly HostKey[]): ServerHostKeyAlgorithm[] {
  const types = [...pinned.map(({ type }) => type), ...Object.keys(signatures)];
  return [...new Set(types.flatMap((type) => signatures[type] ?? []))];
}
