import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { addNoise } from "../../operators/add-noise.ts";
import {
  advance,
  advanceInStages,
  type ChainState,
  initialState,
  type Link,
  OperatorError,
} from "../../operators/chain.ts";
import { ewma } from "../../operators/ewma.ts";
import { movingAverage } from "../../operators/moving-average.ts";
import { emit, flatMap, fold, map, number, object, string } from "../../operators/operator.ts";
import { threshold } from "../../operators/threshold.ts";

const twice = flatMap({ value: number(), step: (_, x) => [x, x] });
const counted = fold({ value: number(), initial: 0, step: (_, count) => emit(count + 1) });
const label = map({ value: number(), step: (_, x) => `no. ${x}` });
const picky = map({
  value: number(),
  step: (_, x) => {
    if (x < 0) throw new Error(`no root of ${x}`);
    return Math.sqrt(x);
  },
});

const link = (name: string, operator: Link["operator"], params: object = {}): Link => ({ name, operator, params });

function through(chain: readonly Link[], values: readonly unknown[], state: ChainState = initialState(chain)) {
  const outputs: unknown[] = [];
  for (const value of values) {
    const [next, out] = advance(chain, state, value);
    state = next;
    outputs.push(...out);
  }
  return { outputs, state };
}

test("an empty chain passes a value on", () => {
  expect(through([], [1, "a"])).toEqual({ outputs: [1, "a"], state: [] });
});

test("each link sees all that the link before it emits, in order", () => {
  const chain = [link("twice", twice), link("counted", counted), link("label", label)];
  expect(through(chain, [7, 7])).toEqual({
    outputs: ["no. 1", "no. 2", "no. 3", "no. 4"],
    state: [null, 4, null],
  });
});

test("stages show the way of every value that reaches the end", () => {
  const chain = [link("twice", twice), link("counted", counted), link("threshold", threshold, { above: 1 })];
  expect(advanceInStages(chain, initialState(chain), 5)[1]).toEqual([[5, 5, 2, 2]]);
});

test("stages end in what advance gives, with the same state", () => {
  const chain = [
    link("twice", twice),
    link("moving-average", movingAverage, { over: 3 }),
    link("threshold", threshold, { above: 0 }),
    link("ewma", ewma, { alpha: 0.3 }),
  ];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -100, max: 100 })), (values) => {
      let state = initialState(chain);
      for (const value of values) {
        const [next, outputs] = advance(chain, state, value);
        const [nextInStages, paths] = advanceInStages(chain, state, value);
        expect(nextInStages).toEqual(next);
        expect(paths.map((path) => path.at(-1))).toEqual(outputs);
        expect(paths.every((path) => path[0] === value && path.length === chain.length + 1)).toBe(true);
        state = next;
      }
    }),
  );
});

test("a stream that is cut anywhere and goes on from its state, by way of JSON, gives the same", () => {
  const chain = [
    link("add-noise", addNoise, { amplitude: 2, seed: 11 }),
    link("moving-average", movingAverage, { over: 4 }),
    link("ewma", ewma, { alpha: 0.2 }),
  ];
  const doubles = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 30 });
  fc.assert(
    fc.property(doubles, fc.nat(30), (values, cut) => {
      const whole = through(chain, values);
      const before = through(chain, values.slice(0, cut));
      const after = through(chain, values.slice(cut), JSON.parse(JSON.stringify(before.state)));
      expect([...before.outputs, ...after.outputs]).toEqual(whole.outputs);
      expect(after.state).toEqual(whole.state);
    }),
  );
});

test("a value of the wrong type is refused by the name of the operator", () => {
  const chain = [link("label", label), link("ewma", ewma, { alpha: 0.5 })];
  expect(() => advance(chain, initialState(chain), 3)).toThrow(
    new OperatorError("ewma", "no. 3", 'found "no. 3", wanted a number'),
  );
  const reading = map({
    value: object({ celsius: number() }).describe("a reading"),
    step: (_, { celsius }) => celsius,
  });
  expect(() => advance([link("celsius", reading)], [null], { kelvin: 3 })).toThrow(
    'celsius: found {"kelvin":3}, wanted a reading',
  );
});

test("an operator that throws is named, its cause kept, and no link has seen the value", () => {
  const chain = [
    link("counted", counted),
    link("negate", map({ value: number(), step: (_, x) => 1 - x })),
    link("picky", picky),
  ];
  const state = initialState(chain);
  const [once] = advance(chain, state, 0);
  const seen = JSON.stringify(once);
  let thrown: unknown;
  try {
    advance(chain, once, 0);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(OperatorError);
  expect(thrown).toMatchObject({ operator: "picky", value: -1, message: "picky: no root of -1" });
  expect((thrown as Error).cause).toBeInstanceOf(Error);
  expect(JSON.stringify(once)).toBe(seen);
});

test("a value is checked, not converted: keys that an operator does not know pass through it", () => {
  const named = map({ value: object({ name: string() }), step: (_, reading) => reading });
  expect(through([link("named", named)], [{ name: "roof", celsius: 20 }]).outputs).toEqual([
    { name: "roof", celsius: 20 },
  ]);
});
