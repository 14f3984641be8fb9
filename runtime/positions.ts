import type { Inspector, TopicPartition, Transaction } from "./kafka/kafka.ts";
import type { Changelog } from "./state.ts";

/** How far an input partition has been processed, kept where one transaction moves it together with its outputs. */
export interface Positions {
  /** The first record still to process. */
  restore(inspector: Inspector, changelog: Changelog): Promise<bigint>;
  /** What a transaction must hold to have processed everything before `position`. */
  moveTo(position: bigint): {
    readonly consumed?: Transaction["consumed"];
    readonly changelog?: { readonly key: string; readonly value: string };
  };
  /** The changelog's key of the position, if it is kept there. */
  readonly key?: string;
}

/** The consumer group's offsets: a new group starts at the earliest record, so that start order does not matter. */
export function groupPositions(groupId: string, source: TopicPartition): Positions {
  return {
    restore: async (inspector) =>
      (await inspector.committedOffset(groupId, source)) ?? (await inspector.earliestOffset(source)),
    moveTo: (offset) => ({ consumed: { groupId, partition: source, offset } }),
  };
}

/** A file's position counts its records. It belongs to one content: another content starts at its beginning. */
export function filePositions(digest: string): Positions {
  const key = "0/source";
  return {
    key,
    restore: async (_, changelog) => {
      const kept = JSON.parse(changelog.get(key) ?? "null");
      return kept?.digest === digest ? BigInt(kept.position) : 0n;
    },
    moveTo: (position) => ({ changelog: { key, value: JSON.stringify({ digest, position: Number(position) }) } }),
  };
}
