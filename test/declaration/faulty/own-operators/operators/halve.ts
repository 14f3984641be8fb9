import { int, map, number } from "bramble/operator";

/** Right in itself. */
export const halve = map({ params: { into: int().gte(2) }, value: number(), step: ({ into }, x) => x / into });
