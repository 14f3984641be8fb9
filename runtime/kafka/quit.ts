import { within } from "../within.ts";

/** kafkajs, before it disconnects, waits for answers that may never come; whoever quits has nothing left to wait for. */
export async function quit(connected: { disconnect(): Promise<void> }): Promise<void> {
  await within(1000, "disconnecting", connected.disconnect()).catch(() => {});
}
