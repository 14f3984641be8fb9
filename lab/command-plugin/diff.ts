import { equal, type Properties, reveal } from "./property-values.ts";
import type { ResourceType } from "./resource-type.ts";

export interface Change {
  readonly property: string;
  readonly kind: "add" | "delete" | "update";
  readonly replace: boolean;
}

/** What differs between the inputs that made the state and the inputs wanted now. */
export function diff(type: ResourceType, state: Properties, news: Properties): Change[] {
  return Object.entries(type.inputs).flatMap(([property, { replace = false }]): Change[] => {
    const [before, now] = [reveal(state[property]), reveal(news[property])];
    if (equal(before, now)) return [];
    return [{ property, kind: before == null ? "add" : now == null ? "delete" : "update", replace }];
  });
}
