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
 * A script for a long-lived `sh` that runs each command and then prints one header for all,
 * `<mark> <exit code> <bytes of stdout> <bytes of stderr> <exit code> ...`, followed by exactly those bytes. Lengths rather
 * than end markers, so that no output can be mistaken for a frame. `$d` is a scratch folder of the shell: each output has a
 * file of its own there, so that the commands are all that is started, but for one stat and two cats.
 * Everything is printed at once at the end: a second small write would wait for the first one's acknowledgement.
 */
export function batchScript(commands: readonly Argv[], mark: string): string {
  const runs = commands.map((argv, i) => `${quote(argv)} </dev/null >"$d/${i}o" 2>"$d/${i}e"; c${i}=$?\n`);
  const files = commands.map((_, i) => `"$d/${i}o" "$d/${i}e"`).join(" ");
  const counts = commands.map((_, i) => `$c${i} %s %s`).join(" ");
  return `${runs.join("")}{ printf "${mark} ${counts}\\n" $(stat -c %s ${files}); cat ${files}; } >"$d/all"; cat "$d/all"\n`;
}

/**
 * Reads what {@link batchScript} prints; undefined while the output is incomplete. What stands before the header is none
 * of ours: a greeting that the user's shell prints at login.
 */
export function readBatch(output: Buffer, count: number, mark: string): Result[] | undefined {
  const start = output.indexOf(`${mark} `);
  const end = output.indexOf(0x0a, start);
  if (start < 0 || end < 0) return undefined;
  const header = output.toString("utf8", start, end);
  const numbers = header.split(" ").slice(1).map(Number);
  if (numbers.length !== 3 * count || numbers.some(Number.isNaN)) {
    throw new Error(`unexpected output from the host's shell: ${JSON.stringify(header.slice(0, 200))}`);
  }
  let at = end + 1;
  const text = (bytes: number) => {
    at += bytes;
    return output.toString("utf8", at - bytes, at);
  };
  const results = Array.from({ length: count }, (_, i): Result => {
    const [exitCode = 0, out = 0, err = 0] = numbers.slice(3 * i, 3 * i + 3);
    return { exitCode, stdout: text(out), stderr: text(err) };
  });
  return at > output.length ? undefined : results;
}
