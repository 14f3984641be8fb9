import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { journalLine } from "../../runtime/journal-line.ts";

test.each([
  ["a number", ["57.2"], "57.2"],
  ["stages", ["20", "68", "68.4"], "20 -> 68 -> 68.4"],
  ["text with blanks before it", ["  door open"], "  door open"],
  ["text with lines", ["two\nlines"], "two\nlines"],
  ["a quote", ['"'], '"'],
  ["a blank at the end of a stage before the last", ["a ", "b"], "a  -> b"],
])("%s is printed as it is", (_, stages, line) => {
  expect(journalLine(stages)).toBe(line);
});

test.each([
  ["nothing", [""], '""'],
  ["blanks at its end", ["door open \t"], '"door open \\t"'],
  ["blanks alone", [" "], '" "'],
  ["the end of a line of Windows", ["door open\r"], '"door open\\r"'],
  ["an empty line within", ["a\n\nb"], '"a\\n\\nb"'],
  ["a line break at its end", ["a\n"], '"a\\n"'],
  ["a NUL", ["a\0b"], '"a\\u0000b"'],
  ["nothing as its last stage", ["20", ""], '20 -> ""'],
])("what the journal would lose of a text with %s stands in quotes", (_, stages, line) => {
  expect(journalLine(stages)).toBe(line);
});

test.each([
  ["<3>fire", "<6><3>fire"],
  ["<not>", "<6><not>"],
  ["a\n<3>b", "a\n<6><3>b"],
  ["a <3>", "a <3>"],
])("what looks like a priority in %j has one before it, which journald takes away", (text, line) => {
  expect(journalLine([text])).toBe(line);
});

/** What systemd 252 makes of standard output. */
function keptByJournald(printed: string): string[] {
  const lines = printed.split(/[\n\0]/).map((line) => line.replace(/[ \t\r\n]*$/, "").replace(/^<0{0,2}[0-7]>/, ""));
  return lines.filter((line) => line !== "");
}

test("whatever a text is, the journal has it as it is or as JSON", () => {
  const pieces = fc.constantFrom("a", " ", "\t", "\r", "\n", "\0", "<", "3", ">", '"', "ü", "\u2028", "\u00a0");
  const text = fc.array(pieces, { maxLength: 8 }).map((each) => each.join(""));
  fc.assert(
    fc.property(text, (value) => {
      const kept = keptByJournald(`${journalLine([value])}\n`).join("\n");
      expect([value, JSON.stringify(value)]).toContain(kept);
    }),
    { numRuns: 2000 },
  );
});
