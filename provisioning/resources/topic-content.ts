import type { HostAddress } from "../ssh/host-error.ts";
import { sh } from "./host-resource.ts";
import type { RecordCount, Session } from "./resource-type.ts";

/** Sizes of a topic's segments on one broker, as `partition bytes` lines. */
const segments = `for log in /var/lib/kafka/"$1"-*/*.log; do dir=\${log%/*}; p=\${dir##*/"$1"-}
  case $p in *[!0-9]*) ;; *) [ ! -e "$log" ] || echo "$p $(stat -c %s -- "$log")" ;; esac
done`;

/** What a topic holds: records, and bytes of one replica of each, as far as brokers can be asked. */
export async function topicContent(
  session: Session,
  name: string,
  brokers: readonly HostAddress[],
): Promise<RecordCount & { readonly bytes?: number }> {
  const topics = await session.topics();
  const [records, sizes] = await Promise.all([
    topics.records(name),
    Promise.all(brokers.map((target) => partitionSizes(session, name, target).catch(() => new Map<string, number>()))),
  ]);
  const partitions = new Set(sizes.flatMap((each) => [...each.keys()]));
  if (partitions.size === 0) return records;
  const largest = [...partitions].map((partition) => Math.max(...sizes.map((each) => each.get(partition) ?? 0)));
  return { ...records, bytes: largest.reduce((sum, bytes) => sum + bytes, 0) };
}

async function partitionSizes(session: Session, name: string, target: HostAddress): Promise<Map<string, number>> {
  const host = await session.host(target);
  const [result] = await host.observe([sh(segments, name)]);
  const sizes = new Map<string, number>();
  for (const line of result?.stdout.trim().split("\n") ?? []) {
    const [partition = "", bytes = ""] = line.split(" ");
    if (partition !== "") sizes.set(partition, (sizes.get(partition) ?? 0) + Number(bytes));
  }
  return sizes;
}
