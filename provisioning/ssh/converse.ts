import { createReadStream } from "node:fs";
import type { ClientChannel } from "ssh2";
import type { Command, Result } from "./command.ts";

/** Feeds a command its standard input and collects what it says until it ends. */
export function converse(channel: ClientChannel, stdin: Command["stdin"]): Promise<Result> {
  return Promise.race([collect(channel), feed(channel, stdin)]);
}

function collect(channel: ClientChannel): Promise<Result> {
  return new Promise((resolve) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let exitCode = -1;
    let end = "ended without an exit code";
    channel.on("data", (data: Buffer) => out.push(data));
    channel.stderr.on("data", (data: Buffer) => err.push(data));
    channel.on("exit", (code: number | null, signal?: string) => {
      exitCode = code ?? -1;
      end = `killed by ${signal}`;
    });
    channel.on("close", () => {
      const stderr = Buffer.concat(err).toString();
      resolve({
        exitCode,
        stdout: Buffer.concat(out).toString(),
        stderr: exitCode === -1 ? `${stderr.trimEnd()}\n${end}`.trimStart() : stderr,
      });
    });
  });
}

/**
 * Settles only when sending fails on this side: a command may end without reading all of its input, and its exit code
 * then says why.
 */
function feed(channel: ClientChannel, stdin: Command["stdin"]): Promise<never> {
  return new Promise((_, reject) => {
    if (typeof stdin !== "object") {
      channel.end(stdin ?? "");
      return;
    }
    const source = createReadStream(stdin.file, { highWaterMark: 256 * 1024 });
    source.on("error", (cause) => {
      channel.close();
      reject(
        new Error(`This machine: ${stdin.file} cannot be read (${cause.message}), so it was not sent.`, { cause }),
      );
    });
    channel.on("close", () => source.destroy());
    source.pipe(channel);
  });
}
