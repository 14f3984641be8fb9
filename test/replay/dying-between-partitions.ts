import { aroundTransact } from "../../replay/around-transact.ts";
import type { ReplayCluster } from "../../replay/connect.ts";

/** Once the first partition has gone back the plug is pulled, before any other has. */
export function dyingBetweenPartitions(cluster: ReplayCluster): ReplayCluster {
  const kafka = aroundTransact(cluster.kafka, async (transact, _, { partition }) => {
    if (partition === 0) await transact();
    throw new Error("the plug is pulled");
  });
  return { ...cluster, kafka };
}
