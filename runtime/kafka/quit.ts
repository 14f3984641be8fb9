import { withTimeout } from "../with-timeout.ts";

/** kafkajs, before it disconnects, waits for answers that may never come; whoever quits has nothing left to wait for. */
export async function quit(connected: { disconnect(): Promise<void> }): Promise<void> {
  await withTimeout(1000, "disconnecting", connected.disconnect()).catch(() => {});
}
