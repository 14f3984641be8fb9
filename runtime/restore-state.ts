import type { Inspector, TopicPartition } from "./kafka/kafka.ts";
import type { StateStore } from "./state-store.ts";
import { removalKey } from "./unused-entries.ts";

const ENTRIES_AT_ONCE = 5000;

/**
 * Brings a store up to date with a partition of the changelog, which nobody else may write meanwhile; gives the offset
 * behind it. What the store has is kept where that is certain to give the same as reading everything: it is a copy of this
 * very topic, the topic still has all that came after, and nothing was taken away since (see {@link removalKey}).
 * @param onProgress called now and then with how many entries were read
 */
export async function restoreState(
  inspector: Inspector,
  changelog: TopicPartition,
  store: StateStore,
  onProgress: (entries: number) => void,
): Promise<bigint> {
  const topicId = await inspector.topicId(changelog);
  const earliest = await inspector.earliestOffset(changelog);
  const latest = await inspector.latestOffset(changelog);
  const { origin } = store;
  if (origin?.topicId === topicId && origin.offset >= earliest && origin.offset <= latest) {
    const offset = await readOn(inspector, changelog, store, origin.offset, { anew: false, onProgress });
    if (offset !== undefined) return offset;
  }
  store.begin(topicId, earliest);
  return (await readOn(inspector, changelog, store, earliest, { anew: true, onProgress })) as bigint;
}

/** Undefined when the store was not begun anew and meets word of a removal. */
async function readOn(
  inspector: Inspector,
  changelog: TopicPartition,
  store: StateStore,
  from: bigint,
  { anew, onProgress }: { readonly anew: boolean; readonly onProgress: (entries: number) => void },
): Promise<bigint | undefined> {
  const removal = removalKey(changelog.partition);
  let entries: [string, string | null][] = [];
  let read = 0;
  let isSound = true;
  const end = await inspector.readToEnd(changelog, from, ({ offset, key, value }) => {
    const name = key?.toString() ?? "";
    isSound &&= anew || name !== removal;
    entries.push([name, value === null ? null : value.toString()]);
    read++;
    if (entries.length < ENTRIES_AT_ONCE) return;
    if (isSound) store.write(entries, offset + 1n);
    entries = [];
    onProgress(read);
  });
  if (!isSound) return undefined;
  store.write(entries, end);
  return end;
}
