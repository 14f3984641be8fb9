import { expect, test } from "@jest/globals";
import {
  emit,
  filter,
  fold,
  int,
  isOperator,
  map,
  number,
  operatorsIn,
  string,
  unknown,
} from "../../operators/operator.ts";
import { run } from "../../operators/run.ts";

test("map, filter and fold emit one, one or none, and any number of values", () => {
  const double = map({ value: number(), step: (_, x) => 2 * x });
  const positive = filter({ value: number(), step: (_, x) => x > 0 });
  const sum = fold({ value: number(), initial: 0, step: (_, s, x) => emit(s + x) });
  expect(run(double, {}, [1, -2])).toEqual([2, -4]);
  expect(run(positive, {}, [1, -2])).toEqual([1]);
  expect(run(sum, {}, [1, -2, 5])).toEqual([1, -1, 4]);
});

test("only a fold has state to keep", () => {
  expect(map({ value: number(), step: (_, x) => x }).stateful).toBe(false);
  expect(filter({ value: number(), step: () => true }).stateful).toBe(false);
  expect(fold({ value: number(), initial: 0, step: (_, s) => emit(s) }).stateful).toBe(true);
});

test("the first state may depend on the parameters", () => {
  const countdown = fold({
    params: { from: number() },
    value: number(),
    initial: ({ from }) => from,
    step: (_, left) => emit(left - 1),
  });
  expect(run(countdown, { from: 3 }, [0, 0])).toEqual([2, 1]);
});

test("parameters are checked, completed, and no others allowed", () => {
  const scale = map({ params: { by: number().default(10) }, value: number(), step: ({ by }, x) => by * x });
  expect(run(scale, {}, [1])).toEqual([10]);
  expect(run(scale, { by: 2 }, [1])).toEqual([2]);
  expect(scale.params.safeParse({ by: 2, to: 3 }).success).toBe(false);
  expect(scale.params.safeParse({ by: "2" }).success).toBe(false);
});

test("types follow from the schemas", () => {
  map({
    params: { by: number() },
    value: number(),
    step: (params, x) => {
      const by: number = params.by;
      // @ts-expect-error: there is no such parameter
      params.times;
      // @ts-expect-error: a number is no text
      const text: string = x;
      return by + text.length;
    },
  });
  fold({
    value: number(),
    initial: null as number | null,
    // @ts-expect-error: a state may not become a text
    step: (_, state) => (state === null ? ["none", []] : [state, []]),
  });
});

test("operators are known among a module's exports, and nothing else is", () => {
  const a = map({ value: number(), step: (_, x) => x });
  expect(operatorsIn({ a, limit: 3, helper: () => 0, like: { ...a } })).toEqual([a]);
  expect([null, undefined, 3, {}, () => 0].some(isOperator)).toBe(false);
});

test("what an operator takes is what its schema takes", () => {
  const schemas = [
    number(),
    unknown(),
    string(),
    int(),
    number().gt(0),
    number().refine((x) => x > 1),
    number().nullable(),
  ];
  const values = [0, -1, 1.5, NaN, Infinity, "7", null, undefined, {}, [1], true, 10n];
  for (const value of schemas) {
    const { accepts } = map({ value, step: (_, x) => x });
    for (const each of values) expect([each, accepts(each)]).toEqual([each, value.safeParse(each).success]);
  }
});
