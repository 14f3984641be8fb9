import { withCluster } from "../../replay/connect.ts";
import { useBroker } from "../../testing/use-broker.ts";

/** A broker for all tests of a file, and the connection that commands have to it, lent for one piece of work. */
export async function useCluster() {
  const used = await useBroker();
  const onCluster = <T>(work: Parameters<typeof withCluster<T>>[1]) => withCluster([used.broker.bootstrapServer], work);
  return { ...used, onCluster };
}
