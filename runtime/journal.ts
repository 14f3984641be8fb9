/** Lines for the journal on standard error; standard output belongs to the log sink. */
export interface Journal {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Priorities as systemd reads them at the start of a line (sd-daemon(3)); a line without one is of level info. */
const WARNING = "<4>";
const ERROR = "<3>";

/** A broker that is away makes the same complaint many times a second; once in a while is enough. */
const REPEAT_AFTER_MS = 30_000;

export function openJournal(write = (line: string): unknown => process.stderr.write(line)): Journal {
  const lastSaid = new Map<string, number>();
  const put = (prefix: string, message: string) => write(`${prefix}${message.replaceAll("\n", " ")}\n`);
  const complain = (prefix: string, message: string) => {
    const now = Date.now();
    const said = lastSaid.get(message);
    if (said !== undefined && now - said < REPEAT_AFTER_MS) return;
    for (const [each, at] of lastSaid) if (now - at >= REPEAT_AFTER_MS) lastSaid.delete(each);
    lastSaid.set(message, now);
    put(prefix, message);
  };
  return {
    info: (message) => put("", message),
    warn: (message) => complain(WARNING, message),
    error: (message) => complain(ERROR, message),
  };
}
