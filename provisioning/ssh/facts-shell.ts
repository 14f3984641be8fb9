import { randomBytes } from "node:crypto";
import type { ClientChannel } from "ssh2";
import { type Argv, batchScript, type Result, readBatch } from "./command.ts";
import { type HostAddress, HostError } from "./host-error.ts";
import { withTimeout } from "./with-timeout.ts";

/** On tmpfs, so that a host with a full disk can still be asked. Without it the shell must not go on: `$d` is empty. */
const makeScratch = `d=$(mktemp -d /run/bramble.XXXXXX) || exit; trap 'rm -rf "$d"' EXIT\n`;

/** A root `sh` on the host that answers batches one after another. */
export class FactsShell {
  /** Rejects when the shell has ended, with the reason; never resolves. */
  readonly ended: Promise<never>;
  private readonly end: (error: Error) => void;
  private readonly channel: ClientChannel;
  private readonly target: HostAddress;
  private readonly limitMs: number;
  private received = Buffer.alloc(0);
  private stderr = "";
  private pending: { count: number; mark: string; answer(results: Result[]): void } | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(channel: ClientChannel, target: HostAddress, limitMs: number) {
    this.channel = channel;
    this.target = target;
    this.limitMs = limitMs;
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    this.end = reject;
    channel.on("data", (data: Buffer) => {
      this.received = Buffer.concat([this.received, data]);
      this.advance();
    });
    channel.stderr.on("data", (data: Buffer) => {
      this.stderr += data.toString();
    });
    channel.on("close", () => this.end(this.lastLines()));
    channel.write(makeScratch);
  }

  ask(commands: readonly Argv[]): Promise<Result[]> {
    const answer = Promise.race([this.ended, this.last.then(() => this.send(commands))]);
    this.last = answer.catch(() => {});
    return answer;
  }

  private send(commands: readonly Argv[]): Promise<Result[]> {
    const { promise, resolve } = Promise.withResolvers<Result[]>();
    const mark = randomBytes(12).toString("hex");
    this.pending = { count: commands.length, mark, answer: resolve };
    this.channel.write(batchScript(commands, mark));
    return withTimeout(this.limitMs, Promise.race([this.ended, promise]), (limit) => {
      const found = `its root shell did not answer ${limit}`;
      const next = "See on the Pi what blocks it (`ps`).";
      const hostError = new HostError(this.target, { found, next });
      this.giveUp(hostError);
      return hostError;
    });
  }

  private advance(): void {
    if (this.pending === undefined) return;
    const { count, mark, answer } = this.pending;
    try {
      const results = readBatch(this.received, count, mark);
      if (results === undefined) return;
      this.received = Buffer.alloc(0);
      this.pending = undefined;
      answer(results);
    } catch (error) {
      const found = (error as Error).message;
      const next = "See what else writes to the shell's output (`sudo -n sh` on the Pi).";
      this.giveUp(new HostError(this.target, { found, next }));
    }
  }

  private giveUp(error: HostError): void {
    this.end(error);
    this.channel.close();
  }

  private lastLines(): HostError {
    const said = this.stderr.trim() || "the root shell ended";
    const next = /password/.test(said)
      ? "Give the user passwordless sudo (`<user> ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d) or log in as root."
      : "Log in by ssh, try `sudo -n sh`, and fix what it reports.";
    return new HostError(this.target, { found: `no root shell through sudo -n: ${said}`, next });
  }
}
