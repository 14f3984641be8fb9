import type { Committed, Inspector, TopicPartition, Transaction } from "./kafka/kafka.ts";
import type { Changelog } from "./state.ts";

/** How far input partitions have been processed, kept where one transaction moves it together with its outputs. */
export interface Positions {
  /** The first record of `source` still to process. */
  restore(inspector: Inspector, changelog: Changelog, source: TopicPartition): Promise<bigint>;
  /** The end of what was read of `source` at any time, which lies behind the position after a replay sent it back. */
  readBefore?(source: TopicPartition): bigint;
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

/**
 * The consumer group's offsets: a new group starts at the earliest record, so that start order does not matter. One that a
 * replay sent back carries along, beside its offset, up to where it had read before.
 */
export function groupPositions(groupId: string): Positions {
  const readBefore = new Map<string, bigint>();
  return {
    restore: async (inspector, _, source) => {
      const kept = await inspector.committed(groupId, source);
      readBefore.set(source.topic, kept === undefined ? 0n : parseReadBefore(kept));
      return kept?.offset ?? (await inspector.earliestOffset(source));
    },
    readBefore: ({ topic }) => readBefore.get(topic) ?? 0n,
    moveTo: (source, offset) => ({
      consumed: [{ groupId, partition: source, ...committedAt(offset, readBefore.get(source.topic) ?? 0n) }],
    }),
  };
}

/** What to commit for a position of which all records before `readBefore` were read once. */
export function committedAt(offset: bigint, readBefore: bigint): Committed {
  return offset < readBefore ? { offset, note: `read before ${readBefore}` } : { offset };
}

/** The end of what a group has read at any time: its position, but for one that was sent back. */
export function parseReadBefore({ offset, note = "" }: Committed): bigint {
  const [, before] = /^read before (\d+)$/.exec(note) ?? [];
  return before === undefined ? offset : BigInt(before);
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
