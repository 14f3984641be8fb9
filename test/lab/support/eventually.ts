import { setTimeout as sleep } from "node:timers/promises";

/** Tries again until the attempt does not throw; after the time limit it throws what was waited for and why not. */
export async function eventually<T>(what: string, withinMs: number, attempt: () => T | Promise<T>): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (Date.now() > deadline) {
        throw new Error(`not within ${withinMs / 1000} s: ${what}\n${(cause as Error).message}`, { cause });
      }
    }
    await sleep(100);
  }
}
