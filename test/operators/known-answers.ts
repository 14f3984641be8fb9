/** What operators answer, worked out by hand or taken from the course: for each, parameters, values in, values out. */
export interface KnownAnswer {
  readonly operator: string;
  readonly why: string;
  readonly params?: object;
  readonly input: readonly unknown[];
  /** Event times of the input, in seconds; all 0 where they do not matter. */
  readonly seconds?: readonly number[];
  readonly output: readonly unknown[];
}

export const knownAnswers: readonly KnownAnswer[] = [
  {
    operator: "celsius-to-fahrenheit",
    why: "the fixed points: where both scales meet, ice, steam",
    input: [-40, 0, 100],
    output: [-40, 32, 212],
  },
  {
    operator: "celsius-to-fahrenheit",
    why: "the course's input, digit for digit",
    input: [7, 6, 9, 14, 12, 17, 9, 13, 11, 12, 13, 16, 16, 19],
    output: [44.6, 42.8, 48.2, 57.2, 53.6, 62.6, 48.2, 55.4, 51.8, 53.6, 55.4, 60.8, 60.8, 66.2],
  },
  {
    operator: "threshold",
    why: "strictly above: 50 itself is dropped",
    params: { above: 50 },
    input: [49.9, 50, 50.1, -50, 51],
    output: [50.1, 51],
  },
  { operator: "threshold", why: "a bound below zero", params: { above: -1 }, input: [-2, -1, 0], output: [0] },
  {
    operator: "ewma",
    why: "alpha 1 forgets all; the first value only seeds",
    params: { alpha: 1 },
    input: [3, 8, 1],
    output: [8, 1],
  },
  {
    operator: "ewma",
    why: "alpha 1/4 of 0, 16, 16: 4, then 16/4 + 4*3/4 = 7",
    params: { alpha: 0.25 },
    input: [0, 16, 16],
    output: [4, 7],
  },
  {
    operator: "ewma",
    why: "the course's stream, digit for digit",
    params: { alpha: 0.5 },
    input: [57.2, 53.6, 62.6, 55.4, 51.8, 53.6, 55.4, 60.8, 60.8, 66.2],
    output: [55.400000000000006, 59, 57.2, 54.5, 54.05, 54.724999999999994, 57.762499999999996, 59.28125, 62.740625],
  },
  { operator: "ewma", why: "one value only seeds", params: { alpha: 0.5 }, input: [5], output: [] },
  {
    operator: "moving-average",
    why: "a window of one is the stream itself",
    params: { over: 1 },
    input: [3, 8, 1],
    output: [3, 8, 1],
  },
  {
    operator: "moving-average",
    why: "nothing until the n-th value",
    params: { over: 4 },
    input: [1, 2, 3],
    output: [],
  },
  {
    operator: "moving-average",
    why: "of 1..6 over 4: 10/4, 14/4, 18/4",
    params: { over: 4 },
    input: [1, 2, 3, 4, 5, 6],
    output: [2.5, 3.5, 4.5],
  },
  {
    operator: "moving-average",
    why: "a huge value leaves no trace behind it, as it would in a running sum",
    params: { over: 2 },
    input: [1e16, 1, 1, 1],
    output: [5e15, 1, 1],
  },
  {
    operator: "moving-average",
    why: "the course's stream, digit for digit",
    params: { over: 3 },
    input: [57.2, 53.6, 62.6, 55.4, 51.8, 53.6, 55.4, 60.8, 60.8, 66.2],
    output: [57.800000000000004, 57.199999999999996, 56.6, 53.599999999999994, 53.6, 56.6, 59, 62.6],
  },
  {
    operator: "round",
    why: "halves go up, and there is no minus zero",
    input: [2.4, 2.5, 2.6, -2.4, -2.5, -2.6, -0.4, 1e21],
    output: [2, 3, 3, -2, -2, -3, 0, 1e21],
  },
  {
    operator: "add-noise",
    why: "no amplitude, no noise",
    params: { amplitude: 0, seed: 1 },
    input: [20, -3.5],
    output: [20, -3.5],
  },
  {
    operator: "time-window",
    why: "tumbling: the means of [0 s, 60 s) and [60 s, 120 s), once a later value comes",
    params: { size: "1m", compute: "mean" },
    input: [1, 2, 6, 10, 20, 0],
    seconds: [0, 30, 59.999, 60, 119, 300],
    output: [3, 15],
  },
  {
    operator: "time-window",
    why: "hopping: a value is in every window that covers it",
    params: { size: "1m", advance: "30s", compute: "max" },
    input: [1, 5, 2, 0],
    seconds: [10, 40, 70, 300],
    output: [5, 5, 2],
  },
  {
    operator: "time-window",
    why: "grace: a late value still counts",
    params: { size: "10s", grace: "5s", compute: "count" },
    input: [1, 1, 1, 1],
    seconds: [1, 14, 2, 15],
    output: [2],
  },
  {
    operator: "time-window",
    why: "the variance of NIST's hard series NumAcc4 (1e7 and then 1e7 +- 0.1, 1001 values) is 0.01, give or take the last place of 1e7",
    params: { size: "1h", compute: "variance" },
    input: [10000000.2, ...Array.from({ length: 1000 }, (_, i) => 10000000.1 + (i % 2 === 0 ? 0 : 0.2)), 0],
    seconds: [...Array.from({ length: 1001 }, () => 0), 3600],
    output: [0.009999999925494194],
  },
  {
    operator: "session-window",
    why: "the sum of each run of values with no silence over 5 s",
    params: { gap: "5s", compute: "sum" },
    input: [1, 2, 4, 8, 16],
    seconds: [0, 5, 9, 15, 30],
    output: [7, 8],
  },
  {
    operator: "rate",
    why: "10 degrees in 20 s are 0.5 a second; then none; then 3 lost in 1 s",
    input: [20, 30, 30, 27],
    seconds: [0, 20, 25, 26],
    output: [0.5, 0, -3],
  },
  {
    operator: "rate",
    why: "the same, told for a minute",
    params: { per: "1m" },
    input: [20, 30, 30, 27],
    seconds: [0, 20, 25, 26],
    output: [30, 0, -180],
  },
  {
    operator: "deadband",
    why: "exactly the band is left out; slow drift gets through in the end",
    params: { by: 1 },
    input: [20, 21, 20.5, 21.25, 21.5, 22, 22.5, 20],
    output: [20, 21.25, 22.5, 20],
  },
  { operator: "deadband", why: "on change", params: { by: 0 }, input: [1, 1, 2, 2, 1], output: [1, 2, 1] },
  {
    operator: "dedupe",
    why: "an equal value 9 s later is a duplicate, one 10 s later is not",
    params: { within: "10s" },
    input: [7, 7, 7, 8],
    seconds: [0, 9, 10, 10],
    output: [7, 7, 8],
  },
  {
    operator: "dedupe",
    why: "among the last two that passed",
    params: { within: "1h", among: 2 },
    input: [1, 2, 1, 3, 1, 3],
    output: [1, 2, 3, 1],
  },
];
