import { advance, initialState } from "../../operators/chain.ts";
import type { Operator } from "../../operators/operator.ts";

/** Everything that an operator emits for `values`, its parameters checked and completed as a pipeline file's are. */
export function run(operator: Operator, params: object, values: readonly unknown[]): unknown[] {
  const chain = [{ name: "it", operator, params: operator.params.parse(params) }];
  let state = initialState(chain);
  return values.flatMap((value) => {
    const [next, outputs] = advance(chain, state, value);
    state = next;
    return outputs;
  });
}
