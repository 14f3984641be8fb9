import type { ReplayCluster } from "./connect.ts";

/** Consumer groups that have read a topic, other than those that are known. */
export async function otherReaders(
  { admin }: ReplayCluster,
  topic: string,
  known: ReadonlySet<string>,
): Promise<string[]> {
  const { groups } = await admin.listGroups();
  const strangers = groups.map(({ groupId }) => groupId).filter((groupId) => !known.has(groupId));
  const reading = strangers.map(async (groupId) => {
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return offsets?.partitions.some(({ offset }) => Number(offset) >= 0) ? [groupId] : [];
  });
  return (await Promise.all(reading)).flat().sort();
}
