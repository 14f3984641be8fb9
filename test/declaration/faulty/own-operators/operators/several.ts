import { map, number } from "bramble/operator";

export const up = map({ value: number(), step: (_, x) => Math.ceil(x) });
export const down = map({ value: number(), step: (_, x) => Math.floor(x) });
