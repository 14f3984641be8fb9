import { describe, expect, test } from "@jest/globals";
import { builtInOperators } from "../../declaration/operator-catalogue.ts";
import { type At, runAt } from "../../operators/run.ts";
import { knownAnswers } from "./known-answers.ts";

/** Operators that take more than numbers, with what they refuse all the same. */
const TAKES_MORE: Readonly<Record<string, readonly unknown[]>> = {
  dedupe: [null, {}, [], Number.NaN, Infinity],
  "extract-field": [],
  "extract-timestamp": [],
  "hoist-field": [],
  "select-key": [],
};

const operators = await builtInOperators();

describe.each([...operators.keys()])("%s", (name) => {
  const answers = knownAnswers.filter(({ operator }) => operator === name);

  test("has known answers", () => {
    expect(answers.length).toBeGreaterThan(0);
  });

  test.each(answers)("$why", ({ params, input, seconds, output }) => {
    const records = input.map((value, i): At => [1000 * (seconds?.[i] ?? 0), value]);
    const entry = operators.get(name);
    expect(entry && runAt(entry.operator, params ?? {}, records).map((each) => each[1])).toEqual(output);
  });

  test("keeps its state as plain JSON", () => {
    const { operator } = operators.get(name) ?? {};
    const { params, input, seconds } = answers[0] ?? { input: [] };
    if (operator === undefined) throw new Error(`${name} is not there`);
    const checked = operator.params.parse(params ?? {});
    let state = operator.initial(checked);
    for (const [i, value] of input.entries()) {
      [state] = operator.step(checked, state, value, { key: null, timestampMs: 1000 * (seconds?.[i] ?? 0) });
    }
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  test(name in TAKES_MORE ? "refuses what it does not take" : "refuses what is no number", () => {
    const { operator } = operators.get(name) ?? {};
    for (const value of TAKES_MORE[name] ?? ["20", null, true, {}, [], Number.NaN, Infinity]) {
      expect(operator?.value.safeParse(value).success).toBe(false);
    }
  });
});

test("every known answer is of an operator that is there", () => {
  expect([...operators.keys()]).toEqual(expect.arrayContaining(knownAnswers.map(({ operator }) => operator)));
});
