import type { Inspector, Position, TopicPartition } from "../kafka/kafka.ts";
import { endOf } from "./positions.ts";
import type { StateStore } from "./state-store.ts";
import { removalKey } from "./unused-entries.ts";

const ENTRIES_AT_ONCE = 5000;

/**
 * Brings a store up to date with a partition of the changelog, which nobody else may write meanwhile; gives the position
 * behind it. What the store has is kept where that is certain to give the same as reading everything: it is a copy of this
 * very topic, whose log did not lose what the store has of it, the topic still has all that came after, and nothing was
 * taken away since (see {@link removalKey}).
 * @param onProgress called now and then with how many entries were read
 */
export async function restoreState(
  inspector: Inspector,
  changelog: TopicPartition,
  store: StateStore,
  onProgress: (entries: number) => void,
): Promise<Position> {
  const topicId = await inspector.topicId(changelog);
  const earliest = await inspector.earliestOffset(changelog);
  const { origin } = store;
  if (origin?.topicId === topicId && origin.offset >= earliest) {
    // Without an epoch nobody could tell: it was left when not all had been read.
    const isSound = origin.leaderEpoch !== undefined || origin.offset === earliest;
    const isOfThisLog = isSound && origin.offset <= (await endOf(inspector, changelog, origin));
    const end = isOfThisLog && (await readOn(inspector, changelog, store, origin, { anew: false, onProgress }));
    if (end) return end;
  }
  store.begin(topicId, earliest);
  const read = await readOn(inspector, changelog, store, { offset: earliest }, { anew: true, onProgress });
  return read as Position;
}

/** Undefined when the store was not begun anew and meets word of a removal. */
async function readOn(
  inspector: Inspector,
  changelog: TopicPartition,
  store: StateStore,
  from: Position,
  { anew, onProgress }: { readonly anew: boolean; readonly onProgress: (entries: number) => void },
): Promise<Position | undefined> {
  const removal = removalKey(changelog.partition);
  let entries: [string, string | null][] = [];
  let count = 0;
  let isSound = true;
  const read = await inspector.readToEnd(changelog, from.offset, ({ offset, key, value }) => {
    const name = key?.toString() ?? "";
    isSound &&= anew || name !== removal;
    entries.push([name, value === null ? null : value.toString()]);
    count++;
    if (entries.length < ENTRIES_AT_ONCE) return;
    // Of which leader that is, is known at the end.
    if (isSound) store.write(entries, { offset: offset + 1n });
    entries = [];
    onProgress(count);
  });
  if (!isSound) return undefined;
  const end = { offset: read.offset, leaderEpoch: read.leaderEpoch ?? from.leaderEpoch };
  store.write(entries, end);
  return end;
}
