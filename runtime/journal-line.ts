/**
 * What journald does not keep of a line of standard output: a NUL, white space at its end and, as nothing else is left of it,
 * a line that is empty. Source: stdout_stream_line in systemd's journald-stream.c.
 */
const NOT_KEPT = /(?:^|[ \t\n\r])(?:\n|$)|\0/;

/** The usual priority, said in so many words. */
const INFO = "<6>";

/**
 * A value, with the stages before it, as it must be printed so that it can be read in the journal: as it is. A text of which
 * the journal would lose something is in quotes, as JSON. At the start of a line journald takes one priority such as <3>
 * away (SyslogLevelPrefix= in systemd.exec(5)); so one stands before each that might be the value's own.
 */
export function journalLine(stages: readonly string[]): string {
  const plain = stages.join(" -> ");
  const line = NOT_KEPT.test(plain)
    ? stages.map((stage) => (NOT_KEPT.test(stage) ? JSON.stringify(stage) : stage)).join(" -> ")
    : plain;
  return line.replaceAll(/(?<=^|\n)</g, `${INFO}<`);
}
