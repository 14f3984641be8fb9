import { dirname } from "node:path";
import type { Command } from "../ssh/command.ts";
import { type HostAddress, HostError } from "../ssh/host-error.ts";
import { hostResource, isThere, probeFailed, sh } from "./host-resource.ts";

export interface ArchiveArgs extends HostAddress {
  /** Absolute path of the folder that the archive's top folder becomes. */
  readonly path: string;
  /** What the archive holds, e.g. "kafka 3.9.2". */
  readonly version: string;
  /** A file below `path` that only this version has. */
  readonly marker: string;
  /** Folders below `path` that belong to the host (settings, logs): kept across versions, left out of the check. */
  readonly keep: readonly string[];
  /** Folders below `path` that every user of the host may write to, as its tools do. */
  readonly scratch: readonly string[];
  /** Always "intact": drift shows as "damaged". */
  readonly integrity: string;
  /** The archive (tar, gzip) on this machine. */
  readonly archive: string;
}

export interface ArchiveState extends ArchiveArgs {
  /** False for a folder that was there before: it is used, and left alone on removal. */
  readonly installed: boolean;
}

/** Written into the folder before it is renamed into place: what is there whole, and was put there by bramble. */
export const stamp = ".bramble-archive";

/** Names, sizes and times of all files: reading every byte of a Kafka would keep a Pi's disk busy at each preview. */
const manifest = `cd -- "$1"; shift; m=$(find . -name ${stamp} -prune -o \\( -type d \\( -false "$@" \\) -prune \\) -o -type f -printf '%P %s %T@\\n' | LC_ALL=C sort | sha256sum); m=\${m%% *}`;
const pruned = (keep: readonly string[]) => keep.flatMap((folder) => ["-o", "-path", `./${folder}`]);

/** A folder unpacked from an archive of this machine. Streamed to the host, unpacked beside its place, renamed. */
export const archive = hostResource<ArchiveArgs, ArchiveState>({
  token: "bramble:host:Archive",
  replaceOn: ["host", "path"],
  local: ["archive"],
  id: ({ host, path }) => `${host}:${path}`,
  probe: ({ path, marker, keep }) => [
    ["stat", "--", path],
    ["stat", "--", `${path}/${marker}`],
    ["cat", "--", `${path}/${stamp}`],
    sh(`${manifest}; echo "$m"`, path, ...pruned(keep)),
  ],
  read([folder, marker, stamped, sum], args) {
    if (!isThere(args, args.path, folder)) return undefined;
    const fits = isThere(args, `${args.path}/${args.marker}`, marker);
    const installed = isThere(args, `${args.path}/${stamp}`, stamped);
    if (!installed) return { ...args, installed, version: fits ? args.version : "unknown", integrity: "intact" };
    if (sum?.exitCode !== 0) throw probeFailed(args, args.path, sum);
    const [version = "", recorded] = stamped.stdout.trimEnd().split("\n");
    return { ...args, installed, version, integrity: recorded === sum.stdout.trim() ? "intact" : "damaged" };
  },
  plan(want, have) {
    if (have !== undefined && have.version === want.version && have.integrity === want.integrity) return [];
    if (have !== undefined && !have.installed) {
      throw new HostError(want, {
        found: `${want.path} has no ${want.marker} in it`,
        expected: want.version,
        next: `Write the version that is there into the pipeline file, or move the folder away: \`sudo mv ${want.path} ${want.path}.old\`.`,
      });
    }
    return [unpack(want)];
  },
  planDelete: (state) =>
    state.installed ? [{ does: `remove ${state.path}`, argv: sh(removal, state.path, dirname(state.path)) }] : [],
});

/** bramble's own folder goes with the last thing in it; /opt is the host's. */
const removal =
  'rm -rf -- "$1"; case "$2" in */bramble) rmdir --ignore-fail-on-non-empty -- "$2" 2>/dev/null || true ;; esac';

/** tar fails on an input that ends early, before anything is renamed. */
function unpack(want: ArchiveArgs): Command {
  const script = [
    'path=$1; version=$2; scratch=$3; new="$1.bramble-new"; shift 3',
    // Taken away by an unpacking that was killed before it put the new one in its place.
    'if [ ! -e "$path" ] && [ -e "$path.bramble-old" ]; then mv -T -- "$path.bramble-old" "$path"; fi',
    'rm -rf -- "$new"; mkdir -p -- "$new"; tar -xzf - -C "$new" --strip-components=1 --no-same-owner',
    'for folder in "$@"; do if [ -d "$path/$folder" ]; then mkdir -p -- "$new/$folder"; cp -a -- "$path/$folder/." "$new/$folder/"; fi; done',
    'for folder in $scratch; do mkdir -p -- "$new/$folder"; chmod 1777 -- "$new/$folder"; done',
    'prune=; for folder in "$@"; do prune="$prune -o -path ./$folder"; done',
    `m=$(set -- "$new" $prune; ${manifest}; echo "$m")`,
    `printf '%s\\n%s\\n' "$version" "$m" > "$new/${stamp}"; sync -f -- "$new"`,
    'if [ -e "$path" ]; then rm -rf -- "$path.bramble-old"; mv -T -- "$path" "$path.bramble-old"; fi',
    'mv -T -- "$new" "$path"; rm -rf -- "$path.bramble-old"',
  ].join("\n");
  return {
    does: `unpack ${want.version} into ${want.path}`,
    argv: sh(script, want.path, want.version, want.scratch.join(" "), ...want.keep),
    stdin: { file: want.archive },
  };
}
