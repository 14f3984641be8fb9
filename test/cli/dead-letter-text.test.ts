import { expect, test } from "@jest/globals";
import { countsTable, deadLetterJson, deadLetterLines, leftLines, missingLine } from "../../cli/dead-letter-text.ts";
import type { DeadLetter } from "../../runtime/dead-letter.ts";

const deadLetter: DeadLetter = {
  offset: 3n,
  id: "temperatures/1@12 1700000000000",
  refusedAt: new Date(2026, 10, 25, 9, 5, 7).getTime(),
  cause: 'expected a JSON number, found "warm"',
  operator: undefined,
  from: { topic: "temperatures", partition: 1, offset: 12n },
  at: { topic: "temperatures", partition: 1, offset: 40n },
  isResult: false,
  isAhead: false,
  cutFromBytes: undefined,
  record: {
    offset: 40n,
    timestamp: "1700000000000",
    key: Buffer.from("kitchen"),
    value: Buffer.from("warm"),
    headers: {},
  },
};

test("a letter is told with when, where from, what it was and why", () => {
  expect(deadLetterLines(deadLetter, 1)).toEqual([
    '2026-11-25 09:05:07  temperatures/1@12  key "kitchen"  "warm"',
    '  expected a JSON number, found "warm"',
  ]);
});

test("a record that was refused again is one letter, with how often", () => {
  expect(deadLetterLines(deadLetter, 3)[1]).toBe('  expected a JSON number, found "warm" (refused 3 times)');
});

test("what could not be put back is told once for each reason, with the first places", () => {
  const at = (offset: number) => ({ topic: "in", partition: 0, offset: BigInt(offset) });
  const many = Array.from({ length: 7 }, (_, i) => ({ from: at(i), why: "an operator produced it" }));
  expect(leftLines([...many, { from: at(20), why: "con1 no longer reads in" }])).toEqual([
    "  not put back: in/0@0, in/0@1, in/0@2, in/0@3, in/0@4 and 2 more: an operator produced it",
    "  not put back: in/0@20: con1 no longer reads in",
  ]);
});

test("the operator that refused it stands before its words, once", () => {
  const refused = { ...deadLetter, operator: "picky" };
  expect(deadLetterLines({ ...refused, cause: "picky: 13 brings bad luck" }, 1)[1]).toBe("  picky: 13 brings bad luck");
  expect(deadLetterLines({ ...refused, cause: "13 brings bad luck" }, 1)[1]).toBe("  picky: 13 brings bad luck");
});

test.each([
  ["a long value", { value: Buffer.alloc(100, "x") }, `"${"x".repeat(60)}"...`],
  ["what is no text", { value: Buffer.from([0xff, 10]) }, '"\ufffd\\n"'],
  ["nothing", { value: null }, "tombstone"],
])("%s is one short line, too", (_, changed, shown) => {
  const [first] = deadLetterLines({ ...deadLetter, record: { ...deadLetter.record, key: null, ...changed } }, 1);
  expect(first).toBe(`2026-11-25 09:05:07  temperatures/1@12  ${shown}`);
});

test("as JSON nothing is left out, whatever the bytes are", () => {
  const { key: _, ...record } = deadLetter.record;
  const json = JSON.parse(
    deadLetterJson(
      "con1",
      { ...deadLetter, record: { ...record, key: Buffer.from([255]) } },
      {
        ...{ isPutBack: true, times: 2 },
      },
    ),
  );
  expect(json).toEqual({
    service: "con1",
    offset: 3,
    refusedAt: new Date(deadLetter.refusedAt).toISOString(),
    times: 2,
    cause: 'expected a JSON number, found "warm"',
    topic: "temperatures",
    partition: 1,
    recordOffset: 12,
    timestamp: 1_700_000_000_000,
    keyBase64: "/w==",
    value: "warm",
    isResult: false,
    isPutBack: true,
  });
});

test("services are counted in columns; one that has no topic yet keeps nobody from the others' numbers", () => {
  const none = { waiting: 0, putBack: 0, newest: undefined };
  const services = [
    { name: "con1", count: none },
    { name: "con2", count: "does not exist" },
    { name: "con3", count: "cannot be read now" },
    { name: "out_average", count: { ...none, waiting: 1200, newest: deadLetter.refusedAt } },
  ] as const;
  expect(countsTable(services.map((each) => ({ ...each, deadLetterTopic: `p-${each.name}-dead-letters` })))).toBe(
    [
      "SERVICE      WAITING  PUT BACK  NEWEST               TOPIC",
      "con1         0        0         -                    p-con1-dead-letters",
      "con2         -        -         -                    p-con2-dead-letters (does not exist)",
      "con3         -        -         -                    p-con3-dead-letters (cannot be read now)",
      "out_average  1200     0         2026-11-25 09:05:07  p-out_average-dead-letters",
    ].join("\n"),
  );
  expect(missingLine([{ name: "con2" }])).toBe("con2: no dead-letter topic yet; `pulumi up` creates it");
  expect(missingLine([{ name: "con2" }, { name: "con3" }])).toBe(
    "con2, con3: no dead-letter topics yet; `pulumi up` creates them",
  );
});
