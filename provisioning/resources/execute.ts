import type { Argv, Command } from "../ssh/command.ts";
import { type HostAddress, HostError } from "../ssh/host-error.ts";
import type { Host, Session } from "./resource-type.ts";

/** Runs commands one after another on a host; the first that fails ends it with a {@link HostError}. */
export async function execute(session: Session, target: HostAddress, commands: readonly Command[]): Promise<void> {
  if (commands.length === 0) return;
  const host = await session.host(target);
  for (const command of commands) {
    session.progress(command.does);
    if (command.turn === undefined) await succeed(host, command);
    else await session.turn(command.turn, target, () => succeed(host, command));
  }
}

async function succeed(host: Host, command: Command): Promise<void> {
  const result = await host.run(command);
  if (result.exitCode === 0) return;
  const said = result.stderr.trim() || result.stdout.trim() || "no output";
  // Before the undoing adds its own lines.
  const evidence = command.evidence === undefined ? "" : await lastLines(host, command.evidence);
  const undone = command.undo === undefined ? "" : await undo(host, command.undo);
  const found = `could not ${command.does} (exit code ${result.exitCode}): ${said}${evidence}`;
  throw new HostError(
    host.target,
    /No space left on device/.test(said)
      ? {
          found: `could not ${command.does}: no space left on the disk`,
          next: `${undone}Free some space (\`df -h\`, \`sudo journalctl --vacuum-size=50M\`), then run \`pulumi up\` again.`,
        }
      : {
          found,
          next: `${undone}Fix that, then run \`pulumi up\` again; it continues where it stopped.`,
        },
  );
}

/** Says whether nothing half done stays. */
async function undo(host: Host, { commands, done }: NonNullable<Command["undo"]>): Promise<string> {
  for (const command of commands) {
    const obstacle = await host.run(command).then(
      ({ exitCode, stderr }) => (exitCode === 0 ? undefined : stderr.trim()),
      (error: Error) => error.message,
    );
    if (obstacle !== undefined) return `The change could NOT be undone (${command.does}: ${obstacle}). `;
  }
  return `${done} `;
}

/** Only adds to a failure: that it cannot be had is no reason to hide what failed. */
async function lastLines(host: Host, evidence: Argv): Promise<string> {
  const [result] = await host.observe([evidence]).catch(() => []);
  return result === undefined ? "" : `\n${result.stdout.trimEnd()}\n`;
}
