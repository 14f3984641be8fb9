import { expect, test } from "@jest/globals";
import { openJournal } from "../../runtime/journal.ts";

test("lines carry the priority that the journal reads, and each message stays on one line", () => {
  const lines: string[] = [];
  const journal = openJournal((line) => lines.push(line));
  journal.info("consuming t");
  journal.warn("t/0@3: found\nsomething");
  journal.error("fenced");
  expect(lines).toEqual(["consuming t\n", "<4>t/0@3: found something\n", "<3>fenced\n"]);
});

test("the same complaint is not repeated at once", () => {
  const lines: string[] = [];
  const journal = openJournal((line) => lines.push(line));
  for (let i = 0; i < 100; i++) journal.warn("connect ECONNREFUSED");
  expect(lines).toEqual(["<4>connect ECONNREFUSED\n"]);
});
