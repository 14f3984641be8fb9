import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { projectFolder } from "../../lab/lab.ts";

/** Of this process alone, as commands look for a broker at Kafka's own port. */
export function ownAddress(): string {
  return `127.${[16, 8, 0].map((bits) => (process.pid >> bits) & 255 || 1).join(".")}`;
}

/** The command, without a terminal; it finds the broker `server` where the pipeline file has one. */
export async function brambleCommand(
  server: string,
  { address, file }: { readonly address: string; readonly file: string },
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const forwarder = createServer((client) => {
    const its = connect(Number(server.split(":")[1]), "127.0.0.1");
    client.pipe(its).pipe(client);
    for (const socket of [client, its]) socket.on("error", () => {});
  }).listen(9092, address);
  await once(forwarder, "listening");
  try {
    const child = spawn(join(projectFolder, "cli/bramble"), [...args, "--pipeline", file], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return { code, stdout, stderr };
  } finally {
    forwarder.close();
  }
}
