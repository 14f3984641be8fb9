/** A program and its arguments, as execve(2) takes them: never a shell line. */
export type Argv = readonly [string, ...string[]];

/** What a finished command left behind. */
export interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Something to do on a host, as root. */
export interface Command {
  /** What it does, as in "could not restart kafka.service". */
  readonly does: string;
  readonly argv: Argv;
  /**
   * Text, or a file of this machine, that becomes the command's standard input. When the connection breaks the command
   * sees an early end of it: what it makes of its input it must check before it uses it.
   */
  readonly stdin?: string | { readonly file: string };
  /** Run when the command fails; its output goes into the error (a unit's last journal lines, say). */
  readonly evidence?: Argv;
  /** What to do when the command fails, so that nothing half done stays; and what to say of it when that is done. */
  readonly undo?: { readonly commands: readonly Command[]; readonly done: string };
  /** It takes down a member of this group, which may lose only one at a time: it waits for its turn. */
  readonly turn?: "kafka" | "zookeeper";
}

/** The one place that turns argv into a line for a POSIX shell. */
export function quote(argv: readonly string[]): string {
  return argv.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`)).join(" ");
}

/**
 * A script for a long-lived `sh` that runs each command and prints, per command, a header
 * `<mark> <exit code> <bytes of stdout> <bytes of stderr>` followed by exactly those bytes.
 * Lengths rather than end markers, so that no output can be mistaken for a frame. `$d` is a scratch folder of the shell.
 * Everything is printed at once at the end: a second small write would wait for the first one's acknowledgement.
 */
export function batchScript(commands: readonly Argv[], mark: string): string {
  const one = (argv: Argv) =>
    `${quote(argv)} </dev/null >"$d/o" 2>"$d/e"; printf '%s %d %d %d\\n' ${mark} $? $(stat -c %s "$d/o" "$d/e") >>"$d/all"; cat "$d/o" "$d/e" >>"$d/all"\n`;
  return `${commands.map(one).join("")}cat "$d/all"; : >"$d/all"\n`;
}

/**
 * Reads what {@link batchScript} prints; undefined while the output is incomplete. What stands before the first frame is
 * none of ours: a greeting that the user's shell prints at login.
 */
export function readBatch(output: Buffer, count: number, mark: string): Result[] | undefined {
  const results: Result[] = [];
  let at = output.indexOf(`${mark} `);
  if (at < 0) return undefined;
  while (results.length < count) {
    const end = output.indexOf(0x0a, at);
    if (end < 0) return undefined;
    const header = output.toString("utf8", at, end).split(" ");
    const [exitCode = Number.NaN, out = Number.NaN, err = Number.NaN] = header.slice(1).map(Number);
    if (header[0] !== mark || [exitCode, out, err].some(Number.isNaN)) {
      throw new Error(`unexpected output from the host's shell: ${JSON.stringify(header.join(" ").slice(0, 200))}`);
    }
    const from = end + 1;
    if (output.length < from + out + err) return undefined;
    results.push({
      exitCode,
      stdout: output.toString("utf8", from, from + out),
      stderr: output.toString("utf8", from + out, from + out + err),
    });
    at = from + out + err;
  }
  return results;
}
