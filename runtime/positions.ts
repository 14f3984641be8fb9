import type { Inspector, TopicPartition, Transaction } from "./kafka/kafka.ts";
import type { Changelog } from "./state.ts";

/** How far input partitions have been processed, kept where one transaction moves it together with its outputs. */
export interface Positions {
  /** The first record of `source` still to process. */
  restore(inspector: Inspector, changelog: Changelog, source: TopicPartition): Promise<bigint>;
  /** What a transaction must hold to have processed everything of `source` before `position`. */
  moveTo(
    source: TopicPartition,
    position: bigint,
  ): {
    readonly consumed?: Transaction["consumed"];
    readonly changelog?: { readonly key: string; readonly value: string };
  };
  /** The changelog's key of the position, if it is kept there. */
  readonly key?: string;
}

/** The consumer group's offsets: a new group starts at the earliest record, so that start order does not matter. */
export function groupPositions(groupId: string): Positions {
  return {
    restore: async (inspector, _, source) =>
      (await inspector.committedOffset(groupId, source)) ?? (await inspector.earliestOffset(source)),
    moveTo: (source, offset) => ({ consumed: [{ groupId, partition: source, offset }] }),
  };
}

/** A source's position counts its records. It belongs to one content: another content starts at its beginning. */
export function sourcePositions(digest: string): Positions {
  const key = "0/source";
  return {
    key,
    restore: async (_, changelog) => {
      const kept = JSON.parse(changelog.get(key) ?? "null");
      return kept?.digest === digest ? BigInt(kept.position) : 0n;
    },
    moveTo: (_, position) => ({ changelog: { key, value: JSON.stringify({ digest, position: Number(position) }) } }),
  };
}
