import { createHash } from "node:crypto";
import type { Command } from "../ssh/command.ts";
import type { HostAddress } from "../ssh/host-error.ts";
import { hostResource, isThere, probeFailed, sh } from "./host-resource.ts";

export interface FileArgs extends HostAddress {
  /** Absolute path on the host. */
  readonly path: string;
  /** The whole text. */
  readonly content: string;
  /** Octal permissions, e.g. "0644". */
  readonly mode: string;
  /** `user:group`. */
  readonly owner: string;
}

/** Where a file that was there before bramble's is kept, and put back from on removal. */
const keptAs = (path: string) => `${path}.before-bramble`;

/** A text file on a host. Written beside its place, flushed and renamed, so that it is never seen half written. */
export const file = hostResource<FileArgs, FileArgs>({
  token: "bramble:host:File",
  replaceOn: ["host", "path"],
  id: ({ host, path }) => `${host}:${path}`,
  probe: ({ path }) => [
    ["stat", "-L", "-c", "%a|%U:%G", "--", path],
    ["cat", "--", path],
  ],
  read([stat, cat], args) {
    if (!isThere(args, args.path, stat)) return undefined;
    if (cat?.exitCode !== 0) throw probeFailed(args, args.path, cat);
    const [mode = "", owner = ""] = stat.stdout.trim().split("|");
    return {
      host: args.host,
      address: args.address,
      path: args.path,
      content: cat.stdout,
      mode: mode.padStart(4, "0"),
      owner,
    };
  },
  plan(want, have, owned) {
    if (have?.content !== want.content) {
      const keep: Command[] =
        have !== undefined && !owned
          ? [{ does: `keep ${want.path}`, argv: sh('[ -e "$2" ] || cp -p -- "$1" "$2"', want.path, keptAs(want.path)) }]
          : [];
      return [...keep, writeText(want.path, want.content, want.mode, want.owner)];
    }
    return [
      ...(have.owner === want.owner
        ? []
        : [{ does: `change the owner of ${want.path}`, argv: ["chown", want.owner, "--", want.path] as const }]),
      ...(have.mode === want.mode
        ? []
        : [{ does: `change the mode of ${want.path}`, argv: ["chmod", want.mode, "--", want.path] as const }]),
    ];
  },
  planDelete: ({ path }) => [
    {
      does: `remove ${path}`,
      argv: sh('if [ -e "$2" ]; then mv -T -- "$2" "$1"; else rm -f -- "$1"; fi', path, keptAs(path)),
    },
  ],
});

/**
 * One command that replaces a file by a new one in a single step.
 * @param sha256 of the content, in hexadecimal: a connection that breaks halfway must not leave half a file
 */
export function writeFile(
  path: string,
  content: NonNullable<Command["stdin"]>,
  sha256: string,
  mode: string,
  owner: string,
): Command {
  const script = [
    'mkdir -p -- "$(dirname -- "$1")"; new="$1.bramble-new"; trap \'rm -f -- "$new"\' EXIT',
    '(umask 077; cat > "$new")',
    '[ "$(sha256sum < "$new")" = "$4  -" ] || { echo "what arrived is not what was sent" >&2; exit 1; }',
    'chmod -- "$2" "$new"; chown -- "$3" "$new"; sync -- "$new"; mv -T -- "$new" "$1"',
  ].join("\n");
  return { does: `write ${path}`, argv: sh(script, path, mode, owner, sha256), stdin: content };
}

/** A text as standard input and its checksum. */
export function writeText(path: string, content: string, mode: string, owner: string): Command {
  return writeFile(path, content, createHash("sha256").update(content).digest("hex"), mode, owner);
}
