import type { CountedRange } from "../replay/count-ranges.ts";
import { amount } from "../status/lag.ts";
import { columns } from "./columns.ts";

/** One line for each partition: where it begins, how much that is, and where it ends. */
export function rangeLines(ranges: readonly CountedRange[], endIs: string): string[] {
  const rows = ranges.map((range) => {
    const { topic, partition, from, end, isCut, count } = range;
    const oldest = isCut ? ", the oldest in Kafka" : "";
    return [
      `  ${topic}/${partition}`,
      `from offset ${from}${oldest}:`,
      `${recordsText(count)}, to offset ${end}, ${endIs}`,
    ];
  });
  return columns(rows).split("\n");
}

/** "nothing", "20 records", "up to 20000 records". */
export function recordsText(count: CountedRange["count"]): string {
  if (count.records === 0) return "nothing";
  return `${amount(count)} ${count.records === 1 ? "record" : "records"}`;
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
  const state = isStateful ? ["The state of its operators is reset: it starts there with no state."] : [];
  if (outputs.length === 0) return [...state, "It prints its results again."];
  const where = outputs.map(({ topic, readers }) =>
    readers.length === 0 ? topic : `${topic} (read by ${readers.join(", ")})`,
  );
  return [
    ...state,
    `Its results are written again, ${isExact ? "each once" : "each at least once"}, after the existing ones, to ${where.join(", ")}.`,
    `The existing results stay. Once it has caught up, ${service} continues with new records.`,
  ];
}
