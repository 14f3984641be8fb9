/** A timer of Node's that is told to wait longer, 24.8 days, fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Resolves after `ms`, or at once when `stop` is aborted. */
export async function pause(ms: number, stop: AbortSignal): Promise<void> {
  let left = Math.max(ms, 1);
  for (; left > MAX_TIMER_MS && !stop.aborted; left -= MAX_TIMER_MS) await timer(MAX_TIMER_MS, stop);
  await timer(left, stop);
}

function timer(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timeout);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timeout = setTimeout(done, ms);
    stop.addEventListener("abort", done, { once: true });
  });
}
