import type { Argv, Command, Result } from "../ssh/command.ts";
import { HostFault, type HostPlace } from "../ssh/host-fault.ts";
import type { Host, ResourceType, Session } from "./resource-type.ts";

/** A resource that lives on one host and is managed with commands; everything in it is pure. */
export interface HostResource<Args extends HostPlace, State extends Args> {
  readonly token: string;
  readonly replaceOn: readonly (keyof Args & string)[];
  readonly local?: readonly (keyof Args & string)[];
  id(args: Args): string;
  /** Commands that look, and change nothing. */
  probe(args: Args | State): Argv[];
  /** What the probe's results mean; undefined only on proof of absence. */
  read(results: readonly Result[], args: Args | State): State | undefined;
  /** Commands that turn `have` into `want`; none when they agree. Throws a {@link HostFault} for what it will not do. */
  plan(want: Args, have: State | undefined, owned: boolean): Command[];
  /** Commands that take it away. */
  unplan(state: State): Command[];
}

export function hostResource<Args extends HostPlace, State extends Args>(
  definition: HostResource<Args, State>,
): ResourceType<Args, State> & { readonly definition: HostResource<Args, State> } {
  async function observe(session: Session, args: Args | State): Promise<State | undefined> {
    const host = await session.host(args);
    return definition.read(await host.observe(definition.probe(args)), args);
  }
  return {
    definition,
    token: definition.token,
    replaceOn: [...definition.replaceOn],
    local: definition.local ?? [],
    id: definition.id,
    observe,
    async apply(session, want, have, owned) {
      await execute(session, want, definition.plan(want, have, owned));
      const now = await observe(session, want);
      if (now === undefined) throw vanished(want, definition.id(want));
      return now;
    },
    async foresee(_session, want, have, owned) {
      definition.plan(want, have, owned);
    },
    remove: (session, state) => execute(session, state, definition.unplan(state)),
  };
}

async function execute(session: Session, place: HostPlace, commands: readonly Command[]): Promise<void> {
  if (commands.length === 0) return;
  const host = await session.host(place);
  for (const command of commands) {
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
  const evidence = command.evidence === undefined ? "" : await lastWords(host, command.evidence);
  throw new HostFault(host.place, {
    found: `that it could not ${command.does} (exit code ${result.exitCode}): ${said}${evidence}`,
    wanted: "it done",
    next: "Mend what it says, then run `pulumi up` again: it goes on where it stopped.",
  });
}

async function lastWords(host: Host, evidence: Argv): Promise<string> {
  const [result] = await host.observe([evidence]);
  return `\n${result?.stdout.trimEnd() ?? ""}\n`;
}

function vanished(place: HostPlace, id: string): HostFault {
  return new HostFault(place, {
    found: `${id} gone right after it was made`,
    wanted: "it to stay",
    next: "See whether another program manages it, then run `pulumi up` again.",
  });
}

/** The failure of a probe that should always work, such as stat(1) denied by a broken disk. */
export function cannotTell(place: HostPlace, what: string, result: Result | undefined): HostFault {
  return new HostFault(place, {
    found: `that ${what} cannot be read: ${result?.stderr.trim() ?? "no answer"}`,
    wanted: "to see what is there",
    next: "Mend that first: nothing is changed on a host that cannot be read.",
  });
}

/** True on proof that a path is not there, as GNU tools say it under LC_ALL=C. */
export function isAbsent(result: Result): boolean {
  return result.exitCode !== 0 && /No such file or directory|Not a directory/.test(result.stderr);
}

/** A one-line shell program for what a single program cannot do; its arguments arrive as "$1", "$2", ... */
export function sh(script: string, ...args: string[]): Argv {
  return ["sh", "-euc", script, "sh", ...args];
}
