import { askQuietly } from "./lag.ts";
import type { PartitionLag } from "./partition-lag.ts";

const LOOK_TIMEOUT_MS = 5_000;

/** What is wrong with the batch that a group stands still at, where it is damaged, as its partition's leader has it. */
export async function damagedBatches(
  bootstrapServers: readonly string[],
  stalled: readonly PartitionLag[],
): Promise<ReadonlyMap<PartitionLag, string>> {
  const damaged = new Map<PartitionLag, string>();
  if (stalled.length === 0) return damaged;
  const looked = askQuietly(bootstrapServers, LOOK_TIMEOUT_MS, async (inspector) => {
    for (const lag of stalled) {
      const batch = await inspector.damagedBatch(lag, BigInt(lag.position ?? 0)).catch(() => undefined);
      if (batch) damaged.set(lag, batch.message);
    }
  });
  await looked.catch(() => {});
  return damaged;
}
