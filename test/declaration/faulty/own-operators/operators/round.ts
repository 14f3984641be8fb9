import { map, number } from "bramble/operator";

/** Clashes with the built-in one. */
export const round = map({ value: number(), step: (_, x) => Math.trunc(x) });
