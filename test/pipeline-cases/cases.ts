import { expect } from "@jest/globals";

/** A whole pipeline with what goes in and what must come out, without a broker and on one. */
export interface PipelineCase {
  readonly why: string;
  /** The file below `cluster`; its one host is rpi0. */
  readonly yaml: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Written from outside, in this order. */
  readonly sent?: readonly SentRecord[];
  /** Values by topic and key; those without a key are under "". */
  readonly topics?: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;
  /** Topics whose values have no order of their own, as they came from several. */
  readonly unordered?: readonly string[];
  /** Lines by service. */
  readonly printed?: Readonly<Record<string, readonly string[]>>;
  /** Lines of its file, by service. */
  readonly lines?: Readonly<Record<string, readonly string[]>>;
  /** Causes by service. */
  readonly deadLetters?: Readonly<Record<string, readonly unknown[]>>;
}

export interface SentRecord {
  readonly topic: string;
  readonly value: unknown;
  readonly key?: string;
  readonly timestampMs?: number;
}

const to = (topic: string, values: readonly unknown[], key?: string): SentRecord[] =>
  values.map((value) => ({ topic, value, ...(key !== undefined && { key }) }));

export const cases: readonly PipelineCase[] = [
  {
    why: "the course's chain of averages",
    yaml: `
services:
  pro: { on: rpi0, source: { file: celsius.txt, every: 0s }, apply: [celsius-to-fahrenheit], to: fahrenheit }
  con1: { on: rpi0, from: fahrenheit, apply: [{ threshold: { above: 50 } }], to: above }
  con2: { on: rpi0, from: above, apply: [{ ewma: { alpha: 0.5 } }], to: ewma }
  con3: { on: rpi0, from: above, apply: [{ moving-average: { over: 3 } }], sink: log }
`,
    files: { "celsius.txt": "7 6 9 14 12 17 9 13 11 12 13 16 16 19" },
    topics: {
      above: { "": [57.2, 53.6, 62.6, 55.4, 51.8, 53.6, 55.4, 60.8, 60.8, 66.2] },
      ewma: {
        "": [55.400000000000006, 59, 57.2, 54.5, 54.05, 54.724999999999994, 57.762499999999996, 59.28125, 62.740625],
      },
    },
    printed: {
      con3: "57.800000000000004 57.199999999999996 56.6 53.599999999999994 53.6 56.6 59 62.6".split(" "),
    },
  },
  {
    why: "generated values: the same in every run, each from its number",
    yaml: `
services:
  dice: { on: rpi0, source: { random: { between: [1, 6], seed: 7 }, every: 0s, count: 5 }, apply: [round], to: dice }
  other: { on: rpi0, source: { random: { between: [7, 7] }, every: 1ms, count: 3 }, to: noise }
  count: { on: rpi0, source: { sequence: { start: 10, step: -0.5 }, every: 0s, count: 4 }, to: down }
  numbers: { on: rpi0, source: { sequence: , every: 10ms, count: 3 }, sink: log }
`,
    topics: { dice: { "": [2, 2, 5, 3, 4] }, noise: { "": [7, 7, 7] }, down: { "": [10, 9.5, 9, 8.5] } },
    printed: { numbers: ["0", "1", "2"] },
  },
  {
    why: "topics merged: a state for each key, wherever its partition is read",
    yaml: `
topics: { indoors: { partitions: 3 }, outdoors: { partitions: 3 } }
services:
  mean: { on: rpi0, from: [indoors, outdoors], apply: [{ moving-average: { over: 2 } }], to: means }
`,
    sent: [
      ...to("indoors", [20, 22, 24], "kitchen"),
      ...to("outdoors", [1, 3, 5, 7], "roof"),
      ...to("indoors", [18, 18], "cellar"),
      ...to("outdoors", ["?"], "roof"),
      ...to("outdoors", [9], "roof"),
    ],
    topics: { means: { kitchen: [21, 23], roof: [2, 4, 6, 8], cellar: [18] } },
    deadLetters: { mean: [expect.stringContaining("?")] },
  },
  {
    why: "topics of two formats merged without a state, whatever their partitions",
    yaml: `
topics: { words: { format: text, partitions: 2 }, things: { format: json }, all: { format: json } }
services:
  both: { on: rpi0, from: [words, things], to: all }
`,
    sent: [...to("words", ["1", "warm"]), ...to("things", [1, { a: [null] }])],
    topics: { all: { "": ["1", "warm", 1, { a: [null] }] } },
    unordered: ["all"],
  },
  {
    why: "branches: the first filter that keeps a value has it, what is left goes to the last or nowhere",
    yaml: `
topics: { in: { format: json }, objects: { format: json }, band: { format: json } }
services:
  all: { on: rpi0, from: in, apply: [{ hoist-field: { field: c } }], to: objects }
  split:
    on: rpi0
    from: objects
    apply: [{ extract-field: { field: c } }]
    to: [{ hot: { threshold: { above: 30 } } }, { warm: { threshold: { above: 20 } } }, rest]
  some:
    on: rpi0
    from: objects
    to: [{ band: { threshold: { above: 10, below: 30 }, field: c } }]
`,
    sent: to("in", [25, 35, 5, 20, 31, "x", 30]),
    topics: {
      hot: { "": [35, 31] },
      warm: { "": [25, 30] },
      rest: { "": [5, 20] },
      band: { "": [{ c: 25 }, { c: 20 }] },
    },
    deadLetters: {
      split: ['threshold: expected a number, found "x"'],
      some: ['threshold(c): expected a number, found "x"'],
    },
  },
  {
    why: "windows and sessions of each key over event time, late records among the dead letters",
    yaml: `
topics: { measured: { format: json }, keyed: { format: json, partitions: 2 }, minutes: { format: json } }
services:
  key:
    on: rpi0
    from: measured
    apply: [{ extract-timestamp: { field: at } }, { select-key: { field: sensor } }]
    to: keyed
  minutes:
    on: rpi0
    from: keyed
    apply:
      - time-window: { size: 1m, advance: 30s, grace: 10s, compute: [count, mean] }
        field: celsius
    to: minutes
  runs:
    on: rpi0
    from: keyed
    apply:
      - session-window: { gap: 20s, compute: sum }
        field: celsius
    to: runs
`,
    sent: [
      [0, 4, "roof"],
      [35, 8, "roof"],
      [65, 1, "roof"],
      [5, 7, "roof"],
      [10, 30, "cellar"],
      [95, 2, "roof"],
      [100, 20, "cellar"],
      [190, 9, "roof"],
    ].map(([second, celsius, sensor]) => ({
      topic: "measured",
      value: { sensor, at: 1_700_000_040_000 + 1000 * Number(second), celsius },
    })),
    topics: {
      minutes: {
        roof: [
          { start: 1_700_000_010_000, end: 1_700_000_070_000, count: 1, mean: 4 },
          { start: 1_700_000_040_000, end: 1_700_000_100_000, count: 3, mean: 19 / 3 },
          { start: 1_700_000_070_000, end: 1_700_000_130_000, count: 2, mean: 4.5 },
          { start: 1_700_000_100_000, end: 1_700_000_160_000, count: 2, mean: 1.5 },
          { start: 1_700_000_130_000, end: 1_700_000_190_000, count: 1, mean: 2 },
        ],
        cellar: [
          { start: 1_700_000_010_000, end: 1_700_000_070_000, count: 1, mean: 30 },
          { start: 1_700_000_040_000, end: 1_700_000_100_000, count: 1, mean: 30 },
        ],
      },
      runs: { roof: [4, 8, 1, 2], cellar: [30] },
    },
    deadLetters: { minutes: [], runs: [expect.stringContaining("session-window(celsius): late record of ")] },
  },
  {
    why: "rates, deadband and duplicates by the event times that records were sent with",
    yaml: `
topics: { levels: }
services:
  seen: { on: rpi0, from: levels, apply: [{ dedupe: { within: 5s } }, { deadband: { by: 1 } }], to: seen }
  rates: { on: rpi0, from: seen, apply: [{ rate: { per: 1m } }], sink: log }
`,
    sent: [
      [0, 10],
      [1, 10],
      [2, 10.5],
      [10, 12],
      [12, 12],
      [20, 10],
    ].map(([second = 0, value]) => ({
      topic: "levels",
      value,
      key: "tank",
      timestampMs: 1_700_000_000_000 + 1000 * second,
    })),
    topics: { seen: { tank: [10, 12, 10] } },
    printed: { rates: ["12", "-12"] },
  },
  {
    why: "files: a line for each value, as their format has it; what is no line goes to the dead letters",
    yaml: `
topics: { notes: { format: text } }
services:
  count: { on: rpi0, source: { sequence: { step: 0.5 }, every: 0s, count: 4 }, sink: { file: numbers.txt } }
  quote: { on: rpi0, from: notes, sink: { file: notes.jsonl, format: json } }
  keep: { on: rpi0, from: notes, sink: { file: notes.txt, format: text } }
`,
    sent: to("notes", ["warm", "two\nlines", "", "7"]),
    lines: {
      count: ["0", "0.5", "1", "1.5"],
      quote: ['"warm"', '"two\\nlines"', '""', '"7"'],
      keep: ["warm", "", "7"],
    },
    deadLetters: { keep: [expect.stringContaining('emitted "two\\nlines"; expected text without a line break')] },
  },
];
