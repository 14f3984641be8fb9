import type { Argv, Command, Result } from "../ssh/command.ts";
import { type HostAddress, HostError } from "../ssh/host-error.ts";
import { execute } from "./execute.ts";
import type { ResourceType, Session } from "./resource-type.ts";

/** A resource that lives on one host and is managed with commands; everything in it is pure. */
export interface HostResource<Args extends HostAddress, State extends Args> {
  readonly token: string;
  readonly replaceOn: readonly (keyof Args & string)[];
  readonly deleteBeforeReplace?: boolean;
  readonly local?: readonly (keyof Args & string)[];
  id(args: Args): string;
  /** Commands that look, and change nothing. */
  probe(args: Args | State): Argv[];
  /** What the probe's results mean; undefined only on proof of absence. */
  read(results: readonly Result[], args: Args | State): State | undefined;
  /** Commands that turn `have` into `want`; none when they agree. Throws a {@link HostError} for what it will not do. */
  plan(want: Args, have: State | undefined, owned: boolean): Command[];
  /** Commands that take it away. */
  planDelete(state: State): Command[];
}

export function hostResource<Args extends HostAddress, State extends Args>(
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
    deleteBeforeReplace: definition.deleteBeforeReplace ?? false,
    local: definition.local ?? [],
    id: definition.id,
    observe,
    steps: (want, have) => definition.plan(want, have, true).map(({ does }) => does),
    async apply(session, want, have, owned) {
      await execute(session, want, definition.plan(want, have, owned));
      const now = await observe(session, want);
      if (now === undefined) throw vanished(want, definition.id(want));
      return now;
    },
    async validate(_session, want, have, owned) {
      definition.plan(want, have, owned);
    },
    remove: (session, state) => execute(session, state, definition.planDelete(state)),
    planDelete: definition.planDelete,
  };
}

function vanished(target: HostAddress, id: string): HostError {
  return new HostError(target, {
    found: `${id} disappeared right after it was created`,
    next: "See whether another program manages it, then run `pulumi up` again.",
  });
}

/** The failure of a probe that should always work, such as stat(1) denied by a broken disk. */
export function probeFailed(target: HostAddress, what: string, result: Result | undefined): HostError {
  return new HostError(target, {
    found: `${what} cannot be read: ${result?.stderr.trim() || "no answer"}`,
    next: "Fix that first; nothing is changed on a host that cannot be read.",
  });
}

/** True on proof that a path is not there, as GNU tools say it under LC_ALL=C. */
function isAbsent(result: Result): boolean {
  return result.exitCode !== 0 && /No such file or directory|Not a directory/.test(result.stderr);
}

/** Whether a path is there, by what a program said that looked at it; throws when that proves neither. */
export function isThere(target: HostAddress, path: string, result: Result | undefined): result is Result {
  if (result?.exitCode === 0) return true;
  if (result !== undefined && isAbsent(result)) return false;
  throw probeFailed(target, path, result);
}

/** A one-line shell program for what a single program cannot do; its arguments arrive as "$1", "$2", ... */
export function sh(script: string, ...args: string[]): Argv {
  return ["sh", "-euc", script, "sh", ...args];
}
