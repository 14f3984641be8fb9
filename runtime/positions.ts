import type { Committed, Inspector, Position, TopicPartition, Transaction } from "../kafka/kafka.ts";
import type { Changelog } from "./state.ts";

/** How far input partitions have been processed, kept where one transaction moves it together with its outputs. */
export interface Positions {
  /** The first record of `source` still to process. */
  restore(inspector: Inspector, changelog: Changelog, source: TopicPartition): Promise<bigint>;
  /** The end of what was read of `source` at any time, which lies behind the position after a replay sent it back. */
  readBefore?(source: TopicPartition): bigint;
  /**
   * What a transaction must hold to have processed everything of `source` before `position`.
   * @param leaderEpoch of who wrote the last of it, as far as there is one
   */
  moveTo(
    source: TopicPartition,
    position: bigint,
    leaderEpoch?: number,
  ): {
    readonly consumed?: Transaction["consumed"];
    readonly changelog?: { readonly key: string; readonly value: string };
  };
  /** The changelog's key of the position, if it is kept there. */
  readonly key?: string;
}

/** Offsets of a partition that are not there (any more) where a reader wants to go on. */
export interface LostOffsets extends TopicPartition {
  /** `deleted` before they were read, by retention; `truncated` after they were read: the broker lost the end of its log. */
  readonly reason: "deleted" | "truncated";
  readonly from: bigint;
  /** Not of them any more. */
  readonly to: bigint;
}

/**
 * The consumer group's offsets: a new group starts at the earliest record, so that start order does not matter. One that a
 * replay sent back carries along, beside its offset, up to where it had read before.
 * @param onLost is told when a group cannot go on where it was
 */
export function groupPositions(groupId: string, onLost: (lost: LostOffsets) => void): Positions {
  const readBefore = new Map<string, bigint>();
  return {
    restore: async (inspector, _, source) => {
      const committed = await inspector.committed(groupId, source);
      readBefore.set(source.topic, committed === undefined ? 0n : parseReadBefore(committed));
      const earliest = await inspector.earliestOffset(source);
      if (committed === undefined) return earliest;
      const { offset } = committed;
      if (offset < earliest) {
        onLost({ ...source, reason: "deleted", from: offset, to: earliest });
        return earliest;
      }
      const end = await endOf(inspector, source, committed);
      if (offset <= end) return offset;
      onLost({ ...source, reason: "truncated", from: end, to: offset });
      // What will stand there nobody has read.
      readBefore.set(source.topic, end);
      return end;
    },
    readBefore: ({ topic }) => readBefore.get(topic) ?? 0n,
    moveTo: (source, offset, leaderEpoch) => ({
      consumed: [
        { groupId, partition: source, ...committedAt(offset, readBefore.get(source.topic) ?? 0n), leaderEpoch },
      ],
    }),
  };
}

/**
 * Up to where the log is the one that was read. After a power cut a broker may lack the end of its log, and by the time
 * that somebody asks, other records may stand there: that only the epochs tell (KIP-320).
 */
export async function endOf(
  inspector: Inspector,
  partition: TopicPartition,
  { leaderEpoch }: Position,
): Promise<bigint> {
  const latest = await inspector.latestOffset(partition);
  const ofEpoch = leaderEpoch === undefined ? undefined : await inspector.endOfEpoch(partition, leaderEpoch);
  return ofEpoch !== undefined && ofEpoch < latest ? ofEpoch : latest;
}

/** For the journal: what was lost, why, and where it goes on. */
export function lossOf({ topic, partition, reason, from, to }: LostOffsets): string {
  const offsets = to - from === 1n ? `offset ${from} was` : `offsets ${from} to ${to - 1n} were`;
  const where = `${topic}/${partition}: ${offsets}`;
  switch (reason) {
    case "deleted":
      return `${where} deleted before they were read, as retention.ms and retention.bytes say; going on at ${to}`;
    case "truncated":
      return `${where} read, and then lost by the broker, whose log ended before them, as after a power cut; going on at ${from}`;
    default:
      return reason satisfies never;
  }
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
