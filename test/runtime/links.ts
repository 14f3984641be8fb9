import type { Link } from "../../operators/message.ts";
import { flatMap, fold, forward, map, number, type Operator } from "../../operators/operator.ts";

/** A link of a chain, whatever types its operator has. */
export const link = (name: string, operator: unknown, params: object = {}, field?: string): Link => ({
  name,
  operator: operator as Operator,
  params,
  ...(field !== undefined && { field }),
});

/** Refuses some values, and says which. */
export const picky = link(
  "picky",
  map({
    value: number(),
    step: (_, x) => {
      if (x > 90) throw new Error("too warm");
      return 1 / x;
    },
  }),
);

const isBad = (x: unknown) => x === 13;

/** Something to keep, before and behind an operator that breaks. */
const sum = link("sum", fold({ value: number(), initial: 0, step: (_, state, x) => [state + x, [x]] }));
const around = (broken: unknown) => [sum, link("broken", broken), sum];
const breaking = (result: (x: number) => unknown) =>
  around(flatMap({ value: number(), step: (_, x) => (isBad(x) ? (result(x) as number[]) : [x]) }));
const remembering = (state: unknown) =>
  around(fold({ value: number(), initial: null as unknown, step: (_, s, x) => [isBad(x) ? state : s, [x]] }));
const forwarding = (context: object) =>
  around(map({ value: number(), step: (_, x) => (isBad(x) ? forward(x, context) : x) }));

const round: { self?: unknown } = {};
round.self = round;
const deep = () => JSON.parse("[".repeat(5000) + "]".repeat(5000));

/** Chains that break on the value 13, each in another way, and pass all others on. */
export const BROKEN: Readonly<Record<string, readonly Link[]>> = {
  "throws an Error": breaking(() => {
    throw new Error("13");
  }),
  "throws what is no Error": breaking(() => {
    throw Object.create(null);
  }),
  "calls itself without end": breaking(function again(x): unknown {
    return [again(x), 1];
  }),
  "emits no list": breaking(() => 13),
  "emits nothing at all": breaking(() => undefined),
  "emits a number that is none": breaking(() => [13, Number.NaN]),
  "emits a bigint": breaking(() => [13, 13n]),
  "emits a value that is a part of itself": breaking(() => [13, round]),
  "emits a value with many levels": breaking(() => [13, deep()]),
  "emits a value that cannot be read": breaking(() => [
    13,
    {
      get x() {
        throw new Error("no x");
      },
    },
  ]),
  "has a check that throws": around(
    map({
      value: number().refine((x) => {
        if (isBad(x)) throw new Error("13");
        return true;
      }),
      step: (_, x) => x,
    }),
  ),
  "keeps a state that is a part of itself": remembering(round),
  "keeps a state with many levels": remembering(deep()),
  "keeps a state that JSON cannot write": remembering({ of: 13n }),
  "forwards a key that is a number": forwarding({ key: 13 }),
  "forwards a key that is an object": forwarding({ key: {} }),
  "forwards half a character as the key": forwarding({ key: "\ud800" }),
  "forwards a part of a millisecond": forwarding({ timestampMs: 1_767_225_600_000.5 }),
  "forwards a time that is no number": forwarding({ timestampMs: Number.NaN }),
  "forwards a time before 1970": forwarding({ timestampMs: -5 }),
  "forwards a time that is text": forwarding({ timestampMs: "1767225600000" }),
  "forwards a time that no Date can tell": forwarding({ timestampMs: 1e16 }),
};
