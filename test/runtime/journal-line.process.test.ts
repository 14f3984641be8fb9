import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { journalLine } from "../../runtime/journal-line.ts";

/** A journal of its own, on a /run that nobody else sees, takes what `systemd-cat` gets, as the standard output of a unit. */
const JOURNAL = `
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
/lib/systemd/systemd-journald 2> /run/errors &
journald=$!
while ! [ -S /run/systemd/journal/stdout ]; do
  kill -0 $journald || { cat /run/errors >&2; exit 1; }
  sleep 0.02
done
systemd-cat --identifier=values
journalctl --sync
journalctl --quiet --no-pager --directory=/run/log/journal --identifier=values --output=json --all
kill $journald`;

function journalOf(printed: string): { readonly message: string; readonly priority: string }[] {
  const options = { input: printed, encoding: "utf8" } as const;
  const entries = execFileSync("unshare", ["--map-root-user", "--mount", "sh", "-ec", JOURNAL], options);
  return entries
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .map(({ MESSAGE: message, PRIORITY: priority }) => ({ message, priority }));
}

test("a real journald keeps every value as it is, or in quotes, at the usual priority", () => {
  const kept = ["57.2", "<3>fire", "<03>fire", "<12>fire", "<6><3>fire", "<", '{"a":1}', "  indented", "ü", "20 -> 68"];
  const quoted = ["", " ", "door open  ", "door open\r", "a\0b", "<3>", "<3> "];
  const printed = [...kept, ...quoted].map((text) => `${journalLine([text])}\n`).join("");
  const inQuotes = quoted.map((text) => (text === "<3>" ? text : JSON.stringify(text)));
  expect(journalOf(printed)).toEqual([...kept, ...inQuotes].map((message) => ({ message, priority: "6" })));
});
