import type { Argv } from "../ssh/command.ts";
import type { HostAddress } from "../ssh/host-error.ts";
import { writeFile } from "./file.ts";
import { hostResource, isThere, probeFailed, sh } from "./host-resource.ts";

export interface ReleaseArgs extends HostAddress {
  /** Name of the service that runs it. */
  readonly service: string;
  /** Absolute path of the folder; it carries the digest of its files, so that it never changes. */
  readonly path: string;
  /** SHA-256 in hexadecimal of each file, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Where each file is on this machine. */
  readonly sources: Readonly<Record<string, string>>;
}

/** A content-addressed folder with what one operator service runs. */
export const release = hostResource<ReleaseArgs, ReleaseArgs>({
  token: "bramble:host:Release",
  replaceOn: ["host", "path"],
  local: ["sources"],
  id: ({ host, path }) => `${host}:${path}`,
  probe: ({ path }) => [
    ["stat", "-L", "--", path],
    ["find", path, "-type", "f", "-exec", "sha256sum", "--zero", "{}", "+"],
  ],
  read([stat, sums], args) {
    if (!isThere(args, args.path, stat)) return undefined;
    if (sums?.exitCode !== 0) throw probeFailed(args, args.path, sums);
    const sumsAndPaths = sums.stdout.split("\0").slice(0, -1);
    const files = sumsAndPaths.map((line) => [line.slice(66 + args.path.length + 1), line.slice(0, 64)] as const);
    return { ...args, files: Object.fromEntries(files) };
  },
  plan: (want, have) => [
    ...Object.entries(want.files)
      .filter(([name, sum]) => have?.files[name] !== sum)
      .map(([name, sum]) =>
        writeFile(`${want.path}/${name}`, { file: want.sources[name] ?? "" }, sum, "0644", "root:root"),
      ),
    ...Object.keys(have?.files ?? {})
      .filter((name) => !(name in want.files))
      .map((name) => ({
        does: `remove ${name} from ${want.path}`,
        argv: ["rm", "-f", "--", `${want.path}/${name}`] as Argv,
      })),
  ],
  // Left alone while a unit still points at it: a change that went back and forth has two releases with one path. The
  // folders above go too once nothing else is in them.
  planDelete: ({ path }) => [{ does: `remove ${path}`, argv: sh(removal, path) }],
});

const removal = `if grep -qsF -- "$1/" /etc/systemd/system/bramble-*.service; then exit 0; fi
rm -rf -- "$1"; rmdir -p --ignore-fail-on-non-empty -- "$(dirname -- "$1")" 2>/dev/null || true`;
