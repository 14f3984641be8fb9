import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { addNoise } from "../../operators/add-noise.ts";
import { advance, stagesOf } from "../../operators/chain.ts";
import { ChainState } from "../../operators/chain-state.ts";
import { ewma } from "../../operators/ewma.ts";
import type { Link, Message } from "../../operators/message.ts";
import { movingAverage } from "../../operators/moving-average.ts";
import { emit, flatMap, fold, forward, map, number, object, string } from "../../operators/operator.ts";
import { OperatorError } from "../../operators/operator-error.ts";
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

const unkeyed = (value: unknown): Message => ({ value, key: null, timestampMs: 0 });

/** The state of every link for one key, undefined for those without. */
const states = (chain: readonly Link[], state: ChainState, key: string | null = null) =>
  chain.map((_, index) => state.get(index, key));

function through(chain: readonly Link[], values: readonly unknown[], state = new ChainState()) {
  const outputs = values.flatMap((value) => advance(chain, state, unkeyed(value), (out) => out.value).outputs);
  return { outputs, state: states(chain, state) };
}

test("an empty chain passes a value on", () => {
  expect(through([], [1, "a"])).toEqual({ outputs: [1, "a"], state: [] });
});

test("each link sees all that the link before it emits, in order", () => {
  const chain = [link("twice", twice), link("counted", counted), link("label", label)];
  expect(through(chain, [7, 7])).toEqual({
    outputs: ["no. 1", "no. 2", "no. 3", "no. 4"],
    state: [undefined, 4, undefined],
  });
});

test("stages show the way of every value that reaches the end", () => {
  const chain = [link("twice", twice), link("counted", counted), link("threshold", threshold, { above: 1 })];
  expect(advance(chain, new ChainState(), unkeyed(5), stagesOf).outputs).toEqual([[5, 5, 2, 2]]);
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
      const back = new ChainState();
      before.state.forEach((state, index) => {
        if (state !== undefined) back.set(index, null, JSON.parse(JSON.stringify(state)));
      });
      const after = through(chain, values.slice(cut), back);
      expect([...before.outputs, ...after.outputs]).toEqual(whole.outputs);
      expect(after.state).toEqual(whole.state);
    }),
  );
});

test("a value of the wrong type is refused by the name of the operator", () => {
  const chain = [link("label", label), link("ewma", ewma, { alpha: 0.5 })];
  expect(() => through(chain, [3])).toThrow(new OperatorError("ewma", "no. 3", 'expected a number, found "no. 3"'));
  const reading = map({
    value: object({ celsius: number() }).describe("a reading"),
    step: (_, { celsius }) => celsius,
  });
  expect(() => through([link("celsius", reading)], [{ kelvin: 3 }])).toThrow(
    'celsius: expected a reading, found {"kelvin":3}',
  );
});

test("an operator that throws is named, its cause kept, and no link has seen the value", () => {
  const chain = [
    link("counted", counted),
    link("negate", map({ value: number(), step: (_, x) => 1 - x })),
    link("picky", picky),
  ];
  const state = new ChainState();
  advance(chain, state, unkeyed(0), stagesOf);
  const seen = states(chain, state);
  let thrown: unknown;
  try {
    advance(chain, state, unkeyed(0), stagesOf);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(OperatorError);
  expect(thrown).toMatchObject({ operator: "picky", value: -1, message: "picky: no root of -1" });
  expect((thrown as Error).cause).toBeInstanceOf(Error);
  expect(states(chain, state)).toEqual(seen);
});

test("a value is checked, not converted: keys that an operator does not know pass through it", () => {
  const named = map({ value: object({ name: string() }), step: (_, reading) => reading });
  expect(through([link("named", named)], [{ name: "roof", celsius: 20 }]).outputs).toEqual([
    { name: "roof", celsius: 20 },
  ]);
});

test("every key has a state of its own, and so have the records without one", () => {
  const chain = [link("counted", counted)];
  const state = new ChainState();
  const outputs = ["roof", null, "cellar", "roof", "", null].flatMap(
    (key) => advance(chain, state, { value: 0, key, timestampMs: 0 }, (out) => out.value).outputs,
  );
  expect(outputs).toEqual([1, 1, 1, 2, 1, 2]);
});

test("a value that is forwarded as a record of its own goes on with its key and time, and is refused alone", () => {
  const chain = [
    link(
      "both",
      fold({
        value: number(),
        initial: 0,
        step: (_, s, x) => [s, [forward(-x, { key: "minus", timestampMs: 7 }), Math.abs(x)]],
      }),
    ),
    link("counted", fold({ value: number(), initial: 0, step: (_, count, x) => [count + 1, [x]] })),
    link("picky", picky),
  ];
  const state = new ChainState();
  const { outputs, refused } = advance(chain, state, { value: 4, key: "plus", timestampMs: 9 }, (out) => ({
    ...out,
    before: undefined,
    by: undefined,
  }));
  expect(outputs).toEqual([{ value: 2, key: "plus", timestampMs: 9 }]);
  expect(refused).toEqual([new OperatorError("picky", -4, "no root of -4")]);
  expect([states(chain, state, "plus")[1], states(chain, state, "minus")[1]]).toEqual([1, undefined]);
  const [minus] = advance(chain, state, { value: -9, key: null, timestampMs: 9 }, (out) => out).outputs;
  expect(minus).toMatchObject({ value: 3, key: "minus", timestampMs: 7 });
});
