import { type OffsetRange, offsetCount } from "../replay/start-point.ts";
import { columns } from "./columns.ts";

/** One line for each partition: where it begins, how much that is, and where it ends. */
export function rangeLines(ranges: readonly OffsetRange[], endIs: string): string[] {
  const rows = ranges.map((range) => {
    const { topic, partition, from, end, isCut } = range;
    const oldest = isCut ? ", the oldest that Kafka still has" : "";
    return [
      `  ${topic}/${partition}`,
      `from offset ${from}${oldest}:`,
      `${upTo(offsetCount([range]))}, to offset ${end}, ${endIs}`,
    ];
  });
  return columns(rows).split("\n");
}

/** "up to 20 records": some offsets are no records but the ends of transactions. */
export function upTo(count: bigint): string {
  return count === 0n ? "nothing" : count === 1n ? "1 record" : `up to ${count} records`;
}

/** What a replay into a service's own outputs is about. */
export interface ReplayImpact {
  readonly service: string;
  readonly isStateful: boolean;
  /** Whether it runs with exactly_once. */
  readonly isExact: boolean;
  /** Topics, or the file that it writes. */
  readonly outputs: readonly { readonly topic: string; readonly readers: readonly string[] }[];
}

/** What it means to those who read its results. */
export function impactLines({ service, isStateful, isExact, outputs }: ReplayImpact): string[] {
  const state = isStateful ? [`The state of its operators is reset: it begins there with none.`] : [];
  if (outputs.length === 0) return [...state, "It prints its results again."];
  const where = outputs.map(({ topic, readers }) =>
    readers.length === 0 ? topic : `${topic} (which ${readers.join(", ")} read${readers.length === 1 ? "s" : ""})`,
  );
  return [
    ...state,
    `Its results come again, ${isExact ? "each once" : "each at least once"}, behind those that are there: in ${where.join(", ")}.`,
    `Nothing is taken away there, and ${service} goes on with what arrives once it is through.`,
  ];
}
