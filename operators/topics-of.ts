import type { Format } from "./format.ts";

/** A topic with what its values are; a `format` that is absent is that of numbers. */
export interface TopicFormat {
  readonly topic: string;
  readonly format?: Format;
}

/** One end of a service: where its records come from, or where they go. */
type End =
  | ({ readonly kind: "topic" } & TopicFormat)
  | { readonly kind: "topics"; readonly topics: readonly TopicFormat[] }
  | { readonly kind: "branches"; readonly branches: readonly TopicFormat[] }
  | { readonly kind: "file" | "follow" | "random" | "sequence" | "log" };

/** The topics at one end of a service; none at a source or a sink. */
export function topicsOf(end: End): readonly TopicFormat[] {
  switch (end.kind) {
    case "topic":
      return [{ topic: end.topic, ...(end.format && { format: end.format }) }];
    case "topics":
      return end.topics;
    case "branches":
      return end.branches;
    case "file":
    case "follow":
    case "random":
    case "sequence":
    case "log":
      return [];
    default:
      return end satisfies never;
  }
}
