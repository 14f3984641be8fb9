import { setTimeout as sleep } from "node:timers/promises";

/** Waits for what must come about by itself; fails with `otherwise` when it does not. */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  otherwise: () => string,
  withinMs = 30_000,
): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await isSo()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${otherwise()}`);
  }
}
