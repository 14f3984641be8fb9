import type { PacedRecords } from "./paced-records.ts";
import { openTask } from "./partition-task.ts";
import { pause } from "./pause.ts";
import { sourcePositions } from "./positions.ts";
import type { Service } from "./service.ts";

/** Without a pause between records, this many go in one transaction. */
const RECORDS_AT_ONCE = 500;

/**
 * When the pace outruns Kafka, records that are due go together; after a longer halt the pace goes on as if without it. So it
 * does when the clock was set, be it back: it would take long until it came to the same time again.
 */
const CATCH_UP_MS = 500;

const ALIVE_EVERY_MS = 1000;

/**
 * Produces one record every `everyMs` until `stop` is aborted, from where it left off; then, and at the end of the source,
 * it idles. Throws when something failed that a new start from the last committed position may mend.
 */
export async function producePaced(
  service: Service,
  { name: topic, digest, total, slice }: PacedRecords,
  everyMs: number,
  stop: AbortSignal,
): Promise<void> {
  const { input } = service.spec;
  const format = input.kind === "file" ? input.format : undefined;
  const task = await openTask(service, 0, [{ topic, ...(format && { format }) }], sourcePositions(digest));
  const { supervisor } = service;
  const alive = setInterval(supervisor.alive, ALIVE_EVERY_MS);
  try {
    let next = Number(task.position(topic));
    supervisor.ready(progress(next, total));
    for (let due = Date.now(); next < total && !stop.aborted; ) {
      const now = Date.now();
      due = Math.min(Math.max(due, now - CATCH_UP_MS), now + CATCH_UP_MS);
      // A timer may fire a little early.
      const count = everyMs === 0 ? RECORDS_AT_ONCE : Math.max(1, 1 + Math.floor((now - due) / everyMs));
      const records = slice(next, count);
      const firstDue = due;
      next += records.length;
      // Records that go together because the pace outran Kafka were due one after the other.
      const dated = records.map((record, i) => ({ ...record, timestamp: String(firstDue + i * everyMs) }));
      await task.process(topic, { firstOffset: BigInt(next - records.length), decode: () => dated }, BigInt(next));
      due += records.length * everyMs;
      supervisor.status(progress(next, total));
      await pause(Math.min(due - Date.now(), everyMs), stop);
    }
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      else stop.addEventListener("abort", () => resolve(), { once: true });
    });
  } finally {
    clearInterval(alive);
    await task.close();
  }
}

function progress(next: number, total: number): string {
  if (total === Infinity) return `record ${next}`;
  return next < total ? `record ${next} of ${total}` : `all ${total} records sent`;
}
