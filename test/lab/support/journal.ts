import { onHost } from "./programs.ts";

/** What a service printed, line by line: its standard output, without systemd's lines and its own about its work. */
export async function printed(host: string, service: string): Promise<string[]> {
  const unit = `bramble-${service}.service`;
  // `short-unix` cannot tell output from errors apart; values are JSON, and nothing else that a unit says is.
  const text = await onHost(host, `sudo journalctl --no-pager --quiet --output=cat --unit=${unit}`);
  return text.split("\n").filter((line) => /^-?[\d"[{]/.test(line));
}

/**
 * Where a sink has left out a value, or printed one that it should not have; nothing when it has printed all, in order, up to
 * the end. Before that anything may stand, and a transaction that was tried again prints its values again.
 */
export function gapIn(lines: readonly string[], wanted: readonly string[]): object {
  let next = wanted.length;
  let line = lines.length;
  // From the end: before a value comes the one before it or, where the sink went back, a later one.
  while (next > 0 && line > 0) {
    line--;
    const at = wanted.indexOf(lines[line] ?? "", next - 1);
    if (at < 0) break;
    next = at;
  }
  if (next === 0) return {};
  const counts = [lines.length, wanted.length];
  return { at: next - 1, counts, wanted: around(wanted, next - 1), found: around(lines, line) };
}

/** The value at an index and its neighbours: a hundred thousand values beside each other would tell nobody anything. */
export function around<T>(list: readonly T[], index: number): readonly T[] {
  return list.slice(Math.max(0, index - 3), index + 7);
}
