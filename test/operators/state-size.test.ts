import { expect, test } from "@jest/globals";
import { builtInOperators } from "../../declaration/operator-catalogue.ts";
import { advance } from "../../operators/chain.ts";
import { ChainState } from "../../operators/chain-state.ts";
import type { Operator } from "../../operators/operator.ts";

/** What an operator writes to the changelog for a record, at most. */
const MAX_BYTES = 100_000;

const ALL = ["count", "sum", "min", "max", "mean", "variance"];

/** Of each operator with a state, the parameters with which it remembers the most, and the next that it refuses. */
const LARGEST: Readonly<Record<string, { readonly params: object; readonly refused?: object }>> = {
  "add-noise": { params: {} },
  deadband: { params: { by: 0 } },
  dedupe: { params: { within: "10000d", among: 1000 }, refused: { within: "10000d", among: 1001 } },
  ewma: { params: { alpha: 0.3 } },
  "moving-average": { params: { over: 1000 }, refused: { over: 1001 } },
  rate: { params: { per: "1s" } },
  "session-window": {
    params: { gap: "1ms", grace: "300ms", compute: ALL },
    refused: { gap: "1ms", grace: "301ms", compute: ALL },
  },
  "time-window": {
    params: { size: "300ms", advance: "1ms", compute: ALL },
    refused: { size: "300ms", advance: "1ms", grace: "1ms", compute: ALL },
  },
};

const numbers = (i: number) => 20 + Math.sin(i);
const texts = (i: number) => `${i} `.repeat(1000);

test("of every built-in operator with a state it is known how much it can remember", async () => {
  const operators = [...(await builtInOperators())];
  const stateful = operators.filter(([, { operator }]) => operator.stateful).map(([name]) => name);
  expect(Object.keys(LARGEST).sort()).toEqual(stateful.sort());
});

test.each(Object.entries(LARGEST))(
  "what %s writes for a record stays small whatever its parameters",
  async (name, { params, refused }) => {
    const operator = (await builtInOperators()).get(name)?.operator as Operator;
    const chain = [{ name, operator, params: operator.params.parse(params) }];
    if (refused) expect(operator.params.safeParse(refused).success).toBe(false);
    for (const valueAt of operator.accepts("text") ? [numbers, texts] : [numbers]) {
      let most = 0;
      const state = new ChainState(undefined, (_, __, each) => {
        most = Math.max(most, JSON.stringify(each).length);
        return 0;
      });
      // Two milliseconds apart, so that each is a session of its own.
      for (let i = 0; i < 1200; i++) {
        const message = { key: null, value: valueAt(i), timestampMs: 1_767_225_600_000 + 2 * i };
        advance(chain, state, message, () => undefined);
      }
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThan(MAX_BYTES);
    }
  },
);
