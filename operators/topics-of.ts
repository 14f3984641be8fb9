import type { Format } from "./format.ts";

/** A topic with what its values are; a `format` that is absent is that of numbers. */
export interface TopicFormat {
  readonly topic: string;
  readonly format?: Format;
}

/** One end of a service: where its records come from, or where they go. */
interface End extends Partial<TopicFormat> {
  readonly kind: string;
  readonly topics?: readonly TopicFormat[];
  readonly branches?: readonly TopicFormat[];
}

/** The topics at one end of a service; none at a source or a sink. */
export function topicsOf({ topic, format, topics, branches }: End): readonly TopicFormat[] {
  return topics ?? branches ?? (topic === undefined ? [] : [{ topic, ...(format && { format }) }]);
}
