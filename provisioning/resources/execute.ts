import type { Argv, Command } from "../ssh/command.ts";
import { HostFault, type HostPlace } from "../ssh/host-fault.ts";
import type { Host, Session } from "./resource-type.ts";

/** Runs commands one after another on a host; the first that fails ends it with a {@link HostFault}. */
export async function execute(session: Session, place: HostPlace, commands: readonly Command[]): Promise<void> {
  if (commands.length === 0) return;
  const host = await session.host(place);
  for (const command of commands) {
    session.progress(command.does);
    if (command.turn === undefined) await succeed(host, command);
    else await session.turn(command.turn, place, () => succeed(host, command));
  }
}

async function succeed(host: Host, command: Command): Promise<void> {
  const result = await host.run(command);
  if (result.exitCode === 0) return;
  const said = result.stderr.trim() || result.stdout.trim() || "no output";
  if (/No space left on device/.test(said)) {
    throw new HostFault(host.place, {
      found: "no space left on the disk",
      wanted: "room to write",
      next: "Free some (`df -h`, `sudo journalctl --vacuum-size=50M`), then run `pulumi up` again.",
    });
  }
  // Before the undoing adds its own lines.
  const evidence = command.evidence === undefined ? "" : await lastWords(host, command.evidence);
  const undone = command.undo === undefined ? "" : await undo(host, command.undo);
  throw new HostFault(host.place, {
    found: `that it could not ${command.does} (exit code ${result.exitCode}): ${said}${evidence}`,
    wanted: "it done",
    next: `${undone}Mend what it says, then run \`pulumi up\` again: it goes on where it stopped.`,
  });
}

/** Says whether what was there before is back. */
async function undo(host: Host, commands: readonly Command[]): Promise<string> {
  for (const { does, ...command } of commands) {
    const { exitCode, stderr } = await host.run({ does, ...command });
    if (exitCode !== 0) return `What ran before could NOT be brought back (${does}: ${stderr.trim()}). `;
  }
  return "What ran before was brought back, and runs. ";
}

async function lastWords(host: Host, evidence: Argv): Promise<string> {
  const [result] = await host.observe([evidence]);
  return `\n${result?.stdout.trimEnd() ?? ""}\n`;
}
