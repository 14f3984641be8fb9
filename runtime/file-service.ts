import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Format, write } from "../operators/format.ts";
import { sourceValues } from "../operators/source-values.ts";
import type { IncomingRecord } from "./kafka/kafka.ts";
import { openTask } from "./partition-task.ts";
import { pause } from "./pause.ts";
import { filePositions } from "./positions.ts";
import type { Service } from "./service.ts";
import type { ServiceSpec } from "./service-spec.ts";

type FileInput = Extract<ServiceSpec["input"], { readonly kind: "file" }>;

/** Without a pause between records, this many go in one transaction. */
const RECORDS_AT_ONCE = 500;

/** When the pace outruns Kafka, records that are due go together; after a longer halt the pace goes on as if without it. */
const CATCH_UP_MS = 500;

const ALIVE_EVERY_MS = 1000;

/**
 * Produces one record every `everyMs` until `stop` is aborted, from where it left off; then, and at the end of the file,
 * it idles. Throws when something failed that a new start from the last committed position may mend.
 */
export async function produceFile(
  service: Service,
  { path, everyMs, format = "number" }: FileInput,
  stop: AbortSignal,
): Promise<void> {
  const content = await readFile(path);
  const records = recordsOf(content.toString(), format);
  const digest = createHash("sha256").update(content).digest("hex");
  const topic = path.slice(path.lastIndexOf("/") + 1);
  const task = await openTask(service, 0, [{ topic, format }], filePositions(digest));
  const { supervisor } = service;
  const alive = setInterval(supervisor.alive, ALIVE_EVERY_MS);
  try {
    let next = Number(task.position(topic));
    supervisor.ready(progress(next, records.length));
    for (let due = Date.now(); next < records.length && !stop.aborted; ) {
      due = Math.max(due, Date.now() - CATCH_UP_MS);
      const count = everyMs === 0 ? RECORDS_AT_ONCE : 1 + Math.floor((Date.now() - due) / everyMs);
      const values = records.slice(next, next + count);
      const firstDue = due;
      next += values.length;
      await task.process(
        topic,
        // Records that go together because the pace outran Kafka were due one after the other.
        values.map((record, i) => ({ ...record, timestamp: String(firstDue + i * everyMs) })),
        BigInt(next),
      );
      due += values.length * everyMs;
      supervisor.status(progress(next, records.length));
      await pause(due - Date.now(), stop);
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

function recordsOf(text: string, format: Format): IncomingRecord[] {
  return sourceValues(text, format).values.map((value, i) => ({
    offset: BigInt(i),
    timestamp: "",
    key: null,
    value: Buffer.from(write(format, value)),
    headers: {},
  }));
}

function progress(next: number, total: number): string {
  return next < total ? `record ${next} of ${total}` : `all ${total} records sent`;
}
