import type { ReplayCluster } from "./connect.ts";

/** Consumer groups that have read a topic, other than those that are known. */
export async function otherReaders(
  { admin }: ReplayCluster,
  topic: string,
  known: ReadonlySet<string>,
): Promise<string[]> {
  const strangers = (await admin.groups()).filter((groupId) => !known.has(groupId));
  const reading = strangers.map(async (groupId) => ((await admin.hasRead(groupId, topic)) ? [groupId] : []));
  return (await Promise.all(reading)).flat().sort();
}
