import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import type { ClientChannel, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import ssh2 from "ssh2";
import { type Argv, batchScript, type Command, quote, type Result, readBatch } from "./command.ts";
import { explainConnectError } from "./connect-error.ts";
import { HostFault, type HostPlace } from "./host-fault.ts";
import { type HostKey, hostKeyFromBlob } from "./known-hosts.ts";
import type { Login } from "./login.ts";

/** Longer than a Pi's sshd takes under load, short enough to stay with the terminal. */
const readyTimeoutMs = 15_000;
/** A dead host is noticed after three of these. */
const keepaliveIntervalMs = 5_000;
/** Below sshd's default MaxSessions of 10, one of which is the facts shell. */
const maxChannels = 8;
/** Reads that arrive within this time go to the host together. */
const batchDelayMs = 4;

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
  readonly place: HostPlace;
  private readonly client: ssh2.Client;
  private readonly asRoot: string;
  private questions: Question[] = [];
  private flushing: NodeJS.Timeout | undefined;
  private shell: Promise<FactsShell> | undefined;
  private channels = 0;
  private readonly waiting: (() => void)[] = [];
  private closed: Error | undefined;

  private constructor(place: HostPlace, client: ssh2.Client, login: Login) {
    this.place = place;
    this.client = client;
    this.asRoot = login.user === "root" ? "" : "sudo -n ";
    const lost = (error?: Error) => {
      this.closed ??= new HostFault(
        place,
        {
          found: "the ssh connection broken off",
          wanted: "it to last",
          next: "Check the Pi's cable and power, then run the command again: it goes on where it stopped.",
        },
        { cause: error },
      );
    };
    client.on("error", lost).on("close", () => lost());
  }

  /** Logs in; the host must present one of `pinned`. Throws a {@link HostFault} that says what to do. */
  static open(place: HostPlace, login: Login, pinned: readonly HostKey[]): Promise<Connection> {
    const client = new ssh2.Client();
    let presented: HostKey | undefined;
    const config: ConnectConfig = {
      host: place.address,
      port: login.port,
      username: login.user,
      readyTimeout: readyTimeoutMs,
      keepaliveInterval: keepaliveIntervalMs,
      keepaliveCountMax: 3,
      algorithms: { serverHostKey: signatureAlgorithms(pinned) },
      hostVerifier: (blob: Buffer) => {
        presented = hostKeyFromBlob(blob);
        return pinned.some((key) => key.blob === presented?.blob);
      },
      ...(login.privateKey === undefined ? { password: login.password ?? "" } : { privateKey: login.privateKey }),
    };
    return new Promise((resolve, reject) => {
      const refuse = (error: Error) => {
        client.end();
        reject(explainConnectError(place, login, error, pinned, presented));
      };
      client.once("error", refuse).once("ready", () => {
        client.removeListener("error", refuse);
        client.setNoDelay(true); // questions and answers are small
        resolve(new Connection(place, client, login));
      });
      try {
        client.connect(config);
      } catch (error) {
        refuse(error as Error); // ssh2 throws on a private key that it cannot read
      }
    });
  }

  /** False once the host or the cable is gone: whoever holds this connection should open another. */
  get alive(): boolean {
    return this.closed === undefined;
  }

  /** Runs commands that only look. Those asked at about the same time share one round trip. */
  observe(commands: readonly Argv[]): Promise<Result[]> {
    return new Promise((answer, fail) => {
      this.questions.push({ commands, answer, fail });
      this.flushing ??= setTimeout(() => this.flush(), batchDelayMs);
    });
  }

  /** Runs one command that may change something; resolves with its exit code, whatever that is. */
  async run(command: Command): Promise<Result> {
    await this.takeChannel();
    try {
      // SSH gives no argv: the server hands this line to the user's shell.
      const line = `${this.asRoot}env LC_ALL=C ${quote(command.argv)}`;
      const finished = await this.exec(line, (channel) => {
        const result = collect(channel);
        return { result: Promise.race([result, feed(channel, command.stdin)]) };
      });
      return await this.orLost(finished.result);
    } finally {
      this.giveChannel();
    }
  }

  close(): void {
    this.closed ??= new Error("closed");
    clearTimeout(this.flushing);
    this.client.end();
  }

  private async flush(): Promise<void> {
    const questions = this.questions;
    this.questions = [];
    this.flushing = undefined;
    try {
      this.shell ??= this.openShell();
      const shell = await this.orLost(this.shell);
      const results = await this.orLost(shell.ask(questions.flatMap(({ commands }) => commands)));
      let from = 0;
      for (const { commands, answer } of questions) {
        answer(results.slice(from, from + commands.length));
        from += commands.length;
      }
    } catch (error) {
      this.shell = undefined;
      for (const { fail } of questions) fail(error as Error);
    }
  }

  private openShell(): Promise<FactsShell> {
    return this.exec(`${this.asRoot}env LC_ALL=C sh`, (channel) => new FactsShell(channel, this.place));
  }

  /** `attach` adds its listeners at once: a short command's exit may arrive in the same packet as the channel. */
  private exec<T>(line: string, attach: (channel: ClientChannel) => T): Promise<T> {
    if (this.closed !== undefined) return Promise.reject(this.closed);
    return this.orLost(
      new Promise((resolve, reject) => {
        this.client.exec(line, (error, channel) => (error === undefined ? resolve(attach(channel)) : reject(error)));
      }),
    );
  }

  /** A channel that dies with its connection never calls back, so every wait races against the loss. */
  private orLost<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = () => setImmediate(() => reject(this.closed ?? new Error("connection closed")));
      this.client.once("close", lost);
      work.then(resolve, reject).finally(() => this.client.removeListener("close", lost));
    });
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

/** A root `sh` on the host that answers batches one after another. */
class FactsShell {
  private readonly channel: ClientChannel;
  private readonly place: HostPlace;
  private received = Buffer.alloc(0);
  private stderr = "";
  private pending: { count: number; mark: string; answer(r: Result[]): void; fail(e: Error): void } | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(channel: ClientChannel, place: HostPlace) {
    this.channel = channel;
    this.place = place;
    channel.on("data", (data: Buffer) => {
      this.received = Buffer.concat([this.received, data]);
      this.advance();
    });
    channel.stderr.on("data", (data: Buffer) => {
      this.stderr += data.toString();
    });
    channel.on("close", () => this.pending?.fail(this.ended()));
    // On tmpfs, so that a host with a full disk can still be asked.
    channel.write(`d=$(mktemp -d /run/bramble.XXXXXX) && trap 'rm -rf "$d"' EXIT\n`);
  }

  ask(commands: readonly Argv[]): Promise<Result[]> {
    const answer = this.last.then(
      () =>
        new Promise<Result[]>((resolve, fail) => {
          const mark = randomBytes(12).toString("hex");
          this.pending = { count: commands.length, mark, answer: resolve, fail };
          if (this.channel.destroyed) fail(this.ended());
          else this.channel.write(batchScript(commands, mark));
        }),
    );
    this.last = answer.catch(() => {});
    return answer;
  }

  private advance(): void {
    if (this.pending === undefined) return;
    const { count, mark, answer, fail } = this.pending;
    try {
      const results = readBatch(this.received, count, mark);
      if (results === undefined) return;
      this.received = Buffer.alloc(0);
      this.pending = undefined;
      answer(results);
    } catch (error) {
      fail(error as Error);
    }
  }

  private ended(): Error {
    const said = this.stderr.trim() || "the root shell ended";
    const next = /password/.test(said)
      ? "Give the user passwordless sudo (`<user> ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d) or log in as root."
      : "Log in by ssh, try `sudo -n sh`, and mend what it says.";
    return new HostFault(this.place, { found: said, wanted: "a root shell through sudo -n", next });
  }
}

/**
 * Sends a command its standard input. Settles only when that fails on this side: a command may end without reading all
 * of it, and its exit code then says why.
 */
function feed(channel: ClientChannel, stdin: Command["stdin"]): Promise<never> {
  return new Promise((_, reject) => {
    if (typeof stdin !== "object") {
      channel.end(stdin ?? "");
      return;
    }
    const source = createReadStream(stdin.file, { highWaterMark: 256 * 1024 });
    source.on("error", (error) => {
      channel.close();
      reject(error);
    });
    channel.on("close", () => source.destroy());
    source.pipe(channel);
  });
}

function collect(channel: ClientChannel): Promise<Result> {
  return new Promise((resolve) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let exitCode = -1;
    let signal = "";
    channel.on("data", (data: Buffer) => out.push(data));
    channel.stderr.on("data", (data: Buffer) => err.push(data));
    channel.on("exit", (code: number | null, name?: string) => {
      exitCode = code ?? -1;
      signal = name ?? "";
    });
    channel.on("close", () => {
      const killed = signal === "" ? "" : `killed by ${signal}`;
      resolve({ exitCode, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() + killed });
    });
  });
}

/**
 * The signature algorithms to ask for: those of the pinned keys first, as a server has several keys; then the others,
 * so that a changed key can be shown. An RSA key signs with SHA-2 (RFC 8332).
 */
function signatureAlgorithms(pinned: readonly HostKey[]): ServerHostKeyAlgorithm[] {
  const types = [...pinned.map(({ type }) => type), "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"];
  const algorithms = types.flatMap((type) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type]));
  return [...new Set(algorithms)] as ServerHostKeyAlgorithm[];
}
