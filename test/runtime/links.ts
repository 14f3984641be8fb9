import type { Link } from "../../operators/chain.ts";
import { map, number, type Operator } from "../../operators/operator.ts";

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
